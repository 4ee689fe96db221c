// What the test channel shows and sounds at a moment of UTC (QOE.md 5): a flash
// and a beep every 2 s, and each minute two tones on the left and two on the right
// loudspeaker. One table for picture and sound, so that they cannot differ. Pure.
#pragma once
#include <cstdint>

namespace tongke::signal {

inline constexpr int kFlashEveryMs = 2000;
inline constexpr int kFlashMs = 100;  // of the flash and of the beep
inline constexpr double kBeepHz = 1000;
inline constexpr double kSideToneHz = 440;
/// Of full scale: -12 dBFS at the peaks.
inline constexpr double kLoudness = 0.25;
/// A picture's worth of silence at the edges of a sound would click: they rise and fall this long.
inline constexpr double kRampMs = 5;

/// White square on; the beep sounds in the same moments, on both sides.
bool flashing(std::int64_t utc_ms);

struct StereoSample {
    float left = 0;
    float right = 0;
};
/// The sound at a moment, `utc_us` in microseconds: the beeps, and the side tones on the left at 20.5-21.5 s
/// and 22.5-23.5 s of each minute, on the right ten seconds later, between the beeps.
StereoSample sound_at(std::int64_t utc_us);

}  // namespace tongke::signal
