#include "common/signal/programme.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tongke::signal {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

struct Stretch {
    std::int64_t begin_ms;  // of the minute
    std::int64_t end_ms;
    bool left;
};
constexpr std::array<Stretch, 4> kSideTones{
    {{20'500, 21'500, true}, {22'500, 23'500, true}, {30'500, 31'500, false}, {32'500, 33'500, false}}};

std::int64_t modulo(std::int64_t value, std::int64_t by) {
    const auto rest = value % by;
    return rest < 0 ? rest + by : rest;
}

/// A tone that begins `since_ms` ago and lasts `length_ms`.
float tone(double hertz, double since_ms, double length_ms) {
    const double edge = std::min({since_ms, length_ms - since_ms, kRampMs}) / kRampMs;
    return static_cast<float>(kLoudness * edge * std::sin(2 * std::numbers::pi * hertz * since_ms / 1000));
}

const Stretch* stretch_at(std::int64_t utc_ms) {
    const auto of_minute = modulo(utc_ms, kMinuteMs);
    const auto found = std::find_if(kSideTones.begin(), kSideTones.end(), [&](const Stretch& s) {
        return s.begin_ms <= of_minute && of_minute < s.end_ms;
    });
    return found == kSideTones.end() ? nullptr : &*found;
}

}  // namespace

bool flashing(std::int64_t utc_ms) { return modulo(utc_ms, kFlashEveryMs) < kFlashMs; }

StereoSample sound_at(std::int64_t utc_us) {
    const auto utc_ms = (utc_us - modulo(utc_us, 1000)) / 1000;
    if (flashing(utc_ms)) {
        const auto since = static_cast<double>(modulo(utc_us, std::int64_t{kFlashEveryMs} * 1000)) / 1000;
        const auto beep = tone(kBeepHz, since, kFlashMs);
        return {beep, beep};
    }
    const auto* stretch = stretch_at(utc_ms);
    if (!stretch) return {};
    const auto since =
        static_cast<double>(modulo(utc_us, kMinuteMs * 1000) - stretch->begin_ms * 1000) / 1000;
    const auto sound = tone(kSideToneHz, since, static_cast<double>(stretch->end_ms - stretch->begin_ms));
    return stretch->left ? StereoSample{sound, 0} : StereoSample{0, sound};
}

}  // namespace tongke::signal
