// May this request do this? ONE pure function that every control call, playlist,
// segment and beacon asks (C10–C13, CONTRACT.md §6). It sees only values, so the
// whole table of roles × actions × places × times is a test.
// Order of refusal: who, which room, device, place, then time and lease.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "player/control/lease.hpp"
#include "player/rooms/schedule.hpp"

namespace tongke::player {

enum class Action {
    read,  // the room's view, events, tests
    start,
    stop,
    lesson_media,  // playlist, init section, segment
    lesson_beacon,
    test_start,
    test_media,
    test_beacon,
};

struct Who {
    std::string account;
    auth::Role role = auth::Role::technician;
    std::string session;
};

struct RightsQuery {
    Action action = Action::read;
    std::optional<Who> who;  // of a session that is valid and whose account is in the bundle
    const Bundle* bundle = nullptr;
    std::string_view room;
    bool at_venue = false;
    bool phone = false;
    const Lease* lease = nullptr;     // the room's, when active
    const Ended* last_end = nullptr;  // else how it ended
    bool test_running = false;        // a page test of this room
    std::string_view test_session;    // that started it
    WallTime now{};
    std::string_view reason;     // start outside the schedule
    std::string_view take_over;  // from an earlier already_controlled
};

struct Ruling {
    bool allowed = false;
    int status = 200;
    std::string code, detail_zh;
    std::optional<WallTime> next;   // when it opens
    std::string take_over;          // to be sent back
    bool outside_schedule = false;  // allowed for its reason only: audit it
};

/// Whether this person, on this PC, may ask for the action at all: what is known before the request's body
/// is read. Never 409.
Ruling may_ask(const RightsQuery& query);

/// may_ask(), then the lease, the schedule and the bundle's term.
Ruling may(const RightsQuery& query);

}  // namespace tongke::player
