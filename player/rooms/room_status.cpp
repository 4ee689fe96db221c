#include "player/rooms/room_status.hpp"

#include <fmt/core.h>

namespace tongke::player {

RoomState room_state_of(const RoomSchedule& schedule, const Observed& observed) {
    const bool pause = schedule.now &&
                       (schedule.now->kind == SlotKind::break_ || schedule.now->kind == SlotKind::discussion);
    const bool due = schedule.lesson && !pause;
    if (observed.started) {
        if (pause && !observed.page_heard) return RoomState::not_due;  // A20: no alarm during a break
        if (!observed.page_heard && !observed.just_started) return RoomState::offline;
        if (observed.stalled) return RoomState::stalled;
        if (!schedule.lesson) return RoomState::out_of_slot;
        return observed.low_buffer ? RoomState::low_buffer : RoomState::playing;
    }
    if (observed.testing) return RoomState::testing;
    return due ? RoomState::due_not_started : RoomState::not_due;
}

int urgency(RoomState state) {
    switch (state) {
        case RoomState::stalled: return 0;
        case RoomState::offline: return 1;
        case RoomState::due_not_started: return 2;
        case RoomState::low_buffer: return 3;
        case RoomState::out_of_slot: return 4;
        case RoomState::testing: return 5;
        case RoomState::playing: return 6;
        case RoomState::not_due: return 7;
        case RoomState::never_enrolled: return 8;
    }
    return 9;
}

std::string advice_zh(RoomState state, const std::string& contact, std::optional<double> stalled_s) {
    const std::string call = contact.empty() ? "请联系班主任" : "请联系 " + contact;
    switch (state) {
        case RoomState::stalled:
            return stalled_s ? fmt::format("画面停顿，已停 {:.0f} 秒，{}", *stalled_s, call)
                             : "画面停顿，" + call;
        case RoomState::offline: return "教室电脑没有消息：可能关闭了页面或断网，" + call;
        case RoomState::due_not_started: return "课程已开始，本教室还没有播放，" + call;
        case RoomState::low_buffer: return "网络变慢，正在使用缓存，画面暂不受影响";
        case RoomState::out_of_slot: return "现在没有安排课程，本教室正在播放";
        default: return {};
    }
}

}  // namespace tongke::player
