// link: player_qoe
// Recordings from anywhere: read without a crash, and twice the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "player/qoe/replay.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto once = tongke::qoe::replay(text);
    const auto twice = tongke::qoe::replay(text);
    if (once.has_value() != twice.has_value() || (once && *once != *twice)) std::abort();
    return 0;
}
