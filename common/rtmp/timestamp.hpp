// Unwraps 32-bit RTMP timestamps to a 64-bit count of milliseconds: each value
// is taken as the nearest one to its predecessor, so a crossing of 2^32 goes on
// and a small step back stays a small step back (TRAPS.md 1.4).
#pragma once
#include <cstdint>
#include <optional>

namespace tongke::rtmp {

class TimestampUnwrapper {
  public:
    std::int64_t unwrap(std::uint32_t timestamp) {
        if (!last_) return *(last_ = std::int64_t{timestamp});
        const auto step = static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(*last_));
        return *last_ += step;
    }

  private:
    std::optional<std::int64_t> last_;
};

}  // namespace tongke::rtmp
