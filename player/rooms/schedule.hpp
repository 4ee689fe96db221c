// What the schedule says for one room at one moment: pure functions over the
// bundle's slots (C12, C14). Times are instants; only texts for people are in
// Asia/Shanghai.
#pragma once
#include <string>
#include <string_view>

#include "player/rooms/bundle.hpp"

namespace tongke::player {

inline constexpr Milliseconds kPullBefore = std::chrono::minutes{15};  // DESIGN.md §3 row 8
inline constexpr Milliseconds kOverrun = std::chrono::minutes{30};     // CONTRACT.md §6, Lease
inline constexpr Milliseconds kTestGrace = std::chrono::minutes{10};   // SCREENS.md §1, 16:00

struct RoomSchedule {
    const Slot* now = nullptr;     // a break or discussion inside a lesson comes first, a debug window last
    const Slot* lesson = nullptr;  // the lesson open now, breaks or not
    const Slot* next = nullptr;    // the next slot that is no debug window
    const Slot* next_lesson = nullptr;
    const Slot* debug = nullptr;
    const Slot* next_debug = nullptr;
};
/// Pointers into `bundle`.
RoomSchedule schedule_of(const Bundle& bundle, std::string_view room, WallTime now);

/// Is the stream of such slots to be pulled now, for any room of the county?
bool pull_due(const Bundle& bundle, SlotKind kind, WallTime now);

/// 「今日 10:00」, 「明日 10:00」, 「4月17日 10:00」.
std::string when_zh(WallTime t, WallTime now);

}  // namespace tongke::player
