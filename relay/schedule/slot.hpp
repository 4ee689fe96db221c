// What is planned when, and for which rooms (C12, C14, A20): data, never code.
// Values; the control thread holds the list.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/time/clock.hpp"

namespace tongke::relay {

enum class SlotKind { lesson, debug, break_, discussion };
std::string_view slot_kind_name(SlotKind kind);  // "lesson", "debug", "break", "discussion"
std::optional<SlotKind> slot_kind_from(std::string_view name);

struct Slot {
    std::string id;
    SlotKind kind = SlotKind::lesson;
    std::string title;
    WallTime begin{};
    WallTime end{};
    std::vector<std::string> rooms;  // empty: all
    friend bool operator==(const Slot&, const Slot&) = default;

    bool covers(WallTime t) const { return begin <= t && t < end; }
    bool for_room(std::string_view room) const;
};

/// The debug window that is open for any room at `now`, or will be within `lead`,
/// or was until `tail` ago; the one that began first. Null when there is none.
const Slot* debug_window_near(const std::vector<Slot>& schedule, WallTime now, Milliseconds lead,
                              Milliseconds tail);

/// The slot of one of these kinds that covers `now` for a room; null when there is none.
const Slot* slot_at(const std::vector<Slot>& schedule, std::string_view room, SlotKind kind, WallTime now);

}  // namespace tongke::relay
