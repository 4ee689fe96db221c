// The sentences on the consoles: what it is and whom to call (SCREENS.md §3).
// Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/room_state.hpp"
#include "common/time/clock.hpp"

namespace tongke::relay {

struct RoomSummary;

/// One Chinese sentence for a room; "" when nothing is to be done. `last_known`: of a node that is silent.
std::string advice(const RoomSummary& room, std::optional<RoomState> last_known, std::string_view teacher,
                   std::string_view help_phone);

/// 「20 室：17 正常 · 2 缓存偏低 · 1 停顿 — 请先联系 城关三小（停顿 00:43，…）」, for rooms in the order
/// shown.
std::string headline(const std::vector<RoomSummary>& rooms);
/// Before it, while the slate stands in for the main classroom: that no school need be rung for it.
std::string slate_words(WallTime since);

/// The most urgent state first.
int urgency(RoomState state);
void sort_by_urgency(std::vector<RoomSummary>& rooms);

}  // namespace tongke::relay
