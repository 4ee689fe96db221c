// A room's state word = f(expected, observed) (SCREENS.md §3, §4). Pure; the one
// place at the node that decides it. Unknown is not green: a room that plays but
// is not heard is `offline`.
#pragma once
#include <optional>
#include <string>

#include "common/base/room_state.hpp"
#include "player/rooms/schedule.hpp"

namespace tongke::player {

struct Observed {
    bool started = false;       // its 班主任 has started the lesson
    bool testing = false;       // a live test runs on its page
    bool page_heard = false;    // samples came within the last seconds
    bool just_started = false;  // too early to miss the first samples
    bool stalled = false;
    bool low_buffer = false;  // 黄 or 红 of QOE.md §3
};

RoomState room_state_of(const RoomSchedule& schedule, const Observed& observed);

/// Red first: what needs somebody now, then the rest; smaller is more urgent.
int urgency(RoomState state);

/// One Chinese sentence: what it is and what to do; "" when all is well.
std::string advice_zh(RoomState state, const std::string& contact, std::optional<double> stalled_s);

}  // namespace tongke::player
