// When to try again: full jitter, so that 8,000 nodes never march in step
// (TRAPS.md 1.10). The first retry of a blip is immediate. Pure.
#pragma once
#include <algorithm>
#include <cstdint>

#include "common/time/clock.hpp"

namespace tongke::pull {

/// A small generator of its own, so that a test can give the seed.
class Jitter {
  public:
    explicit Jitter(std::uint64_t seed) : state_(seed | 1) {}

    /// Uniform in [low, high].
    Milliseconds between(Milliseconds low, Milliseconds high) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>((high - low).count(), 0));
        return low + Milliseconds{static_cast<std::int64_t>((state_ >> 11) % (span + 1))};
    }

  private:
    std::uint64_t state_;
};

/// Silence that opens a second connection where a byte is due.
inline constexpr Milliseconds kSilence{1000};

/// Between two connections opened for silence: each second with jitter; after
/// half a minute without any answer, less often.
inline Milliseconds race_interval(int races, Jitter& jitter) {
    using namespace std::chrono_literals;
    constexpr int kEager = 30;
    if (races == 0) return kSilence;
    if (races < kEager) return jitter.between(700ms, 1000ms);
    return jitter.between(1000ms, std::min<Milliseconds>(1000ms * (races - kEager + 2), 10'000ms));
}

/// After a connection failed outright (refused, reset): at once, then full
/// jitter under a ceiling that doubles up to 2 s, after some 30 s up to 10 s.
inline Milliseconds failure_delay(int failures, Jitter& jitter) {
    using namespace std::chrono_literals;
    if (failures <= 1) return 0ms;
    const auto ceiling = Milliseconds{125} * (1 << std::min(failures, 10));
    return jitter.between(50ms, std::min<Milliseconds>(ceiling, failures < 30 ? 2000ms : 10'000ms));
}

}  // namespace tongke::pull
