#include "common/hls/audio_clock.hpp"

#include <cmath>

namespace tongke::hls {
namespace {

constexpr double kGapSeconds = 0.100;
constexpr double kDriftSeconds = 0.010;  // beyond it the count follows the timestamps
constexpr int kFollowSamples = 4;        // per frame: 0.1 ms, inaudible
constexpr double kSmoothing = 1.0 / 64;

}  // namespace

std::optional<std::int64_t> AudioClock::place(std::int64_t dts_ms) {
    // Whole seconds apart keeps the product exact for any length of stream.
    const std::int64_t stamp = dts_ms / 1000 * sample_rate_ + dts_ms % 1000 * sample_rate_ / 1000;
    if (!next_) {
        next_ = stamp;
        error_ = 0;
    }
    const auto ahead = static_cast<double>(stamp - *next_);
    if (ahead < -kGapSeconds * sample_rate_) return std::nullopt;
    if (ahead > kGapSeconds * sample_rate_) {
        next_ = stamp;
        error_ = 0;
        ++resyncs_;
    } else {
        error_ += (ahead - error_) * kSmoothing;
        if (std::abs(error_) > kDriftSeconds * sample_rate_)
            *next_ += error_ > 0 ? kFollowSamples : -kFollowSamples;
    }
    const auto position = *next_;
    *next_ += samples_per_frame_;
    return position;
}

}  // namespace tongke::hls
