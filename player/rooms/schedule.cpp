#include "player/rooms/schedule.hpp"

#include <fmt/core.h>

#include "common/time/zone.hpp"

namespace tongke::player {
namespace {

/// Higher wins when several slots are open: what keeps the lesson from being due, then the lesson.
int rank(const Slot& slot) {
    switch (slot.kind) {
        case SlotKind::break_:
        case SlotKind::discussion: return 3;
        case SlotKind::lesson: return 2;
        case SlotKind::debug: return 1;
    }
    return 0;
}

void keep_first(const Slot*& kept, const Slot& slot) {
    if (!kept || slot.begin < kept->begin) kept = &slot;
}

}  // namespace

RoomSchedule schedule_of(const Bundle& bundle, std::string_view room, WallTime now) {
    RoomSchedule out;
    for (const auto& slot : bundle.schedule) {
        if (!slot.concerns(room)) continue;
        const bool debug = slot.kind == SlotKind::debug;
        if (slot.covers(now)) {
            if (!out.now || rank(slot) > rank(*out.now)) out.now = &slot;
            if (slot.kind == SlotKind::lesson && (!out.lesson || slot.end > out.lesson->end))
                out.lesson = &slot;
            if (debug && (!out.debug || slot.end > out.debug->end)) out.debug = &slot;
        } else if (slot.begin > now) {
            keep_first(debug ? out.next_debug : out.next, slot);
            if (slot.kind == SlotKind::lesson) keep_first(out.next_lesson, slot);
        }
    }
    return out;
}

bool pull_due(const Bundle& bundle, SlotKind kind, WallTime now) {
    const Milliseconds after = kind == SlotKind::debug ? kTestGrace : Milliseconds{0};
    for (const auto& slot : bundle.schedule)
        if (slot.kind == kind && slot.begin - kPullBefore <= now && now < slot.end + after) return true;
    return false;
}

std::string when_zh(WallTime t, WallTime now) {
    const auto local = to_local(t);
    const auto clock = fmt::format("{:02}:{:02}", local.hour, local.minute);
    if (local_date(t) == local_date(now)) return "今日 " + clock;
    if (local_date(t) == local_date(now + std::chrono::hours{24})) return "明日 " + clock;
    return fmt::format("{}月{}日 {}", local.month, local.day, clock);
}

}  // namespace tongke::player
