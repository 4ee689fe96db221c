// link: relay_schedule
// A schedule of any bytes: errors in words, or slots that are written and read again as the same.
#include <cstdlib>

#include "relay/schedule/schedule_json.hpp"

using namespace tongke::relay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto reading = read_schedule({reinterpret_cast<const char*>(data), size}, {});
    if (!reading.errors.empty()) {
        if (!reading.slots.empty()) std::abort();
        return 0;
    }
    if (read_schedule(write_schedule(reading.slots), {}).slots != reading.slots) std::abort();
    return 0;
}
