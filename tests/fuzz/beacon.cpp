// link: player_qoe
// Beacon batches from a hostile page: parsed, written again, and played.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "player/qoe/room_monitor.hpp"

using namespace tongke;
using namespace tongke::qoe;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto batch = parse_beacon_batch({reinterpret_cast<const char*>(data), size});
    if (!batch) return 0;
    if (!parse_beacon_batch(to_json(*batch))) std::abort();
    const Ledger ledger;
    const SteadyTime floor{std::chrono::hours{1000}};
    RoomMonitor room(ledger, floor, 8);
    const auto arrival = floor + std::chrono::hours{24 * 31};
    if (!room.beacons(*batch, arrival)) std::abort();
    auto next = *batch;
    ++next.seq;
    room.beacons(next, arrival + std::chrono::seconds{1}).has_value();
    room.finish(arrival + std::chrono::seconds{2});
    const auto totals = room.totals(arrival + std::chrono::seconds{3});
    if (totals.played < Micros{0} || totals.stalled < Micros{0}) std::abort();
    return 0;
}
