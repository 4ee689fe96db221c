// What a classroom is doing, as one code and one Chinese word for all screens,
// the API and the metrics (SCREENS.md §3). Values; any thread.
#pragma once
#include <optional>
#include <span>
#include <string_view>

namespace tongke {

enum class RoomState {
    not_due,
    due_not_started,
    playing,
    low_buffer,
    stalled,
    offline,
    never_enrolled,
    out_of_slot,
    testing
};

std::string_view state_code(RoomState state);  // "due_not_started"
std::string_view state_word(RoomState state);  // "应播未播"
std::optional<RoomState> state_from(std::string_view code);
std::span<const RoomState> all_room_states();

}  // namespace tongke
