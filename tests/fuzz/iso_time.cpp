// link: common_time
// Whatever is accepted as a time is written and read back as the same instant.
#include <cstdint>
#include <cstdlib>

#include "common/time/format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto t = tongke::parse_iso8601({reinterpret_cast<const char*>(data), size});
    if (!t) return 0;
    const auto text = tongke::to_iso8601(*t);
    const bool in_range = text != "9999-12-31T23:59:59.999Z" && text != "0000-01-01T00:00:00.000Z";
    if (in_range && tongke::parse_iso8601(text) != t) std::abort();
    return 0;
}
