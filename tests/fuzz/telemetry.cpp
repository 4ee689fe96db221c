// link: relay_fleet
// Telemetry of any bytes: refused, or read into records within their bounds.
#include "relay/fleet/telemetry.hpp"

#include "common/base/bytes.hpp"

#include <cstdlib>

using namespace tongke;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto t = relay::parse_telemetry(as_text({data, size}));
    if (!t) return 0;
    for (const auto& event : t->events)
        if (event.seq < 1 || event.seq > t->last_seq || !relay::is_hop(event.hop)) {
            if (event.boot == t->boot) std::abort();
        }
    for (const auto& room : t->rooms)
        if (room.id.size() > 16 || (room.buffer_s && !(*room.buffer_s >= 0))) std::abort();
    return 0;
}
