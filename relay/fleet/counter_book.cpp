#include "relay/fleet/counter_book.hpp"

namespace tongke::relay {
namespace {

double risen(double before, double now) { return now >= before ? now - before : now; }

}  // namespace

RoomCounters CounterBook::since_last(const std::string& node, const std::string& room,
                                     const RoomCounters& now) {
    const auto [entry, first] = last_.try_emplace({node, room}, now);
    const auto before = entry->second;
    entry->second = now;
    if (first) return {};
    return {risen(before.play_s, now.play_s), risen(before.stalled_s, now.stalled_s)};
}

}  // namespace tongke::relay
