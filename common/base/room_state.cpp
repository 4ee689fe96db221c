#include "common/base/room_state.hpp"

#include <algorithm>
#include <array>

namespace tongke {
namespace {

struct Words {
    RoomState state;
    std::string_view code, word;
};
constexpr std::array kWords{
    Words{RoomState::not_due, "not_due", "未到时间"},
    Words{RoomState::due_not_started, "due_not_started", "应播未播"},
    Words{RoomState::playing, "playing", "播放正常"},
    Words{RoomState::low_buffer, "low_buffer", "缓存偏低"},
    Words{RoomState::stalled, "stalled", "停顿"},
    Words{RoomState::offline, "offline", "失联"},
    Words{RoomState::never_enrolled, "never_enrolled", "未启用"},
    Words{RoomState::out_of_slot, "out_of_slot", "时段外播放"},
    Words{RoomState::testing, "testing", "测试中"},
};

constexpr auto kStates = [] {
    std::array<RoomState, kWords.size()> states{};
    for (std::size_t i = 0; i < kWords.size(); ++i) states[i] = kWords[i].state;
    return states;
}();

}  // namespace

std::string_view state_code(RoomState state) { return kWords[static_cast<std::size_t>(state)].code; }
std::string_view state_word(RoomState state) { return kWords[static_cast<std::size_t>(state)].word; }

std::optional<RoomState> state_from(std::string_view code) {
    const auto* found =
        std::find_if(kWords.begin(), kWords.end(), [&](const Words& w) { return w.code == code; });
    if (found == kWords.end()) return std::nullopt;
    return found->state;
}

std::span<const RoomState> all_room_states() { return kStates; }

}  // namespace tongke
