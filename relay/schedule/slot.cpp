#include "relay/schedule/slot.hpp"

#include <algorithm>
#include <array>

namespace tongke::relay {
namespace {
constexpr std::array<std::string_view, 4> kNames{"lesson", "debug", "break", "discussion"};
}

std::string_view slot_kind_name(SlotKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<SlotKind> slot_kind_from(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<SlotKind>(found - kNames.begin());
}

bool Slot::for_room(std::string_view room) const {
    return rooms.empty() || std::find(rooms.begin(), rooms.end(), room) != rooms.end();
}

const Slot* debug_window_near(const std::vector<Slot>& schedule, WallTime now, Milliseconds lead,
                              Milliseconds tail) {
    const Slot* first = nullptr;
    for (const auto& slot : schedule)
        if (slot.kind == SlotKind::debug && slot.begin - lead <= now && now < slot.end + tail &&
            (!first || slot.begin < first->begin))
            first = &slot;
    return first;
}

const Slot* slot_at(const std::vector<Slot>& schedule, std::string_view room, SlotKind kind, WallTime now) {
    const auto found = std::find_if(schedule.begin(), schedule.end(), [&](const Slot& slot) {
        return slot.kind == kind && slot.covers(now) && slot.for_room(room);
    });
    return found == schedule.end() ? nullptr : &*found;
}

}  // namespace tongke::relay
