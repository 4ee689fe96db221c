#include "relay/fleet/room_words.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "common/time/zone.hpp"
#include "relay/fleet/room_board.hpp"

namespace tongke::relay {
namespace {

std::string clock_text(WallTime t) { return local_minute(t).substr(11); }  // "10:17"

std::string whom(const RoomSummary& room, std::string_view help_phone) {
    if (!room.contact.empty()) return room.contact;
    return fmt::format("客服 {}", help_phone);
}

std::string stall_cause(std::string_view hop) {
    if (hop == "encoder") return "主课堂信号中断，各地相同";
    if (hop == "relay_node") return "中心到县节点的网络停顿";
    if (hop == "node") return "县节点负荷过高";
    if (hop == "node_pc") return "县节点到教室的网络停顿";
    if (hop == "pc") return "教室电脑卡顿";
    return "原因不明";
}

std::string stall_advice(const RoomSummary& room, std::string_view help_phone) {
    const auto hop = room.open_stall ? std::string_view{room.open_stall->hop} : std::string_view{"unknown"};
    if (hop == "encoder") return "主课堂信号中断，各地相同，无需各教室操作";
    const auto person = whom(room, help_phone);
    if (hop == "node_pc") return fmt::format("{}，请联系 {} 检查网线", stall_cause(hop), person);
    if (hop == "pc") return fmt::format("{}，请联系 {} 关闭其他程序", stall_cause(hop), person);
    return fmt::format("{}，请联系 {}", stall_cause(hop), person);
}

std::string offline_advice(const RoomSummary& room, std::optional<RoomState> last_known,
                           std::string_view help_phone) {
    const auto since =
        room.since ? fmt::format("自 {} 起失联", clock_text(*room.since)) : std::string{"失联"};
    const auto last = last_known ? fmt::format("，最后状态：{}", state_word(*last_known)) : std::string{};
    return fmt::format("{}{}，请联系 {} 检查县节点的电源和网络", since, last, whom(room, help_phone));
}

std::string duration_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds);
    return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

/// In the order of the sentence; `playing` is said as 正常.
constexpr std::array kOrder{RoomState::stalled,         RoomState::offline,     RoomState::low_buffer,
                            RoomState::due_not_started, RoomState::out_of_slot, RoomState::testing,
                            RoomState::playing,         RoomState::not_due,     RoomState::never_enrolled};

}  // namespace

int urgency(RoomState state) {
    return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), state) - kOrder.begin());
}

void sort_by_urgency(std::vector<RoomSummary>& rooms) {
    std::sort(rooms.begin(), rooms.end(), [](const auto& a, const auto& b) {
        const auto left = urgency(a.state), right = urgency(b.state);
        return left != right ? left < right : a.id < b.id;
    });
}

std::string advice(const RoomSummary& room, std::optional<RoomState> last_known, std::string_view teacher,
                   std::string_view help_phone) {
    switch (room.state) {
        case RoomState::stalled: return stall_advice(room, help_phone);
        case RoomState::offline: return offline_advice(room, last_known, help_phone);
        case RoomState::low_buffer: return "网络变慢，正在使用缓存，画面暂不受影响";
        case RoomState::due_not_started:
            return fmt::format("已到播放时间但未播放，请联系班主任 {}",
                               teacher.empty() ? whom(room, help_phone) : teacher);
        case RoomState::never_enrolled: return "县节点尚未启用";
        case RoomState::out_of_slot: return "正在日程之外播放";
        case RoomState::not_due:
        case RoomState::playing:
        case RoomState::testing: return "";
    }
    return "";
}

std::string slate_words(WallTime since) {
    return fmt::format(
        "主课堂的信号从 {} 起中断，分课堂看到的是等待画面，信号恢复后自动继续，不必联系学校 — ",
        clock_text(since));
}

std::string headline(const std::vector<RoomSummary>& rooms) {
    std::string text = fmt::format("{} 室", rooms.size());
    std::string_view separator = "：";
    for (const auto state : {RoomState::playing, RoomState::low_buffer, RoomState::stalled,
                             RoomState::offline, RoomState::due_not_started, RoomState::out_of_slot,
                             RoomState::testing, RoomState::not_due, RoomState::never_enrolled}) {
        const auto n =
            std::count_if(rooms.begin(), rooms.end(), [&](const auto& room) { return room.state == state; });
        if (n == 0) continue;
        text +=
            fmt::format("{}{} {}", separator, n, state == RoomState::playing ? "正常" : state_word(state));
        separator = " · ";
    }
    const auto worst = std::min_element(rooms.begin(), rooms.end(), [](const auto& a, const auto& b) {
        return urgency(a.state) != urgency(b.state) ? urgency(a.state) < urgency(b.state) : a.id < b.id;
    });
    if (worst == rooms.end()) return text;
    if (worst->state == RoomState::stalled) {
        const auto& stall = worst->open_stall;
        text += fmt::format(" — 请先联系 {}（停顿 {}，{}）", worst->name,
                            duration_text(stall ? stall->seconds : 0),
                            stall_cause(stall ? std::string_view{stall->hop} : std::string_view{"unknown"}));
    } else if (worst->state == RoomState::offline) {
        text += fmt::format(" — 请先联系 {}（失联{}）", worst->name,
                            worst->since ? "，自 " + clock_text(*worst->since) : std::string{});
    }
    return text;
}

}  // namespace tongke::relay
