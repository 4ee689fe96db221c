// The picture of the test channel (QOE.md 5): time-code bar, colour bars, grey
// steps, the time of day, four proof digits, the flash, a box that moves, and
// grain that costs as many bits as a camera's picture. Painted in place: one
// card, one picture after the other. Pure; the same moment gives the same picture.
#pragma once
#include <string>

#include "common/media/picture.hpp"
#include "common/signal/time_code.hpp"

namespace tongke::signal {

struct CardMoment {
    TimeCode code;
    std::string digits;       // four; "" = none yet
    std::string time_of_day;  // "10:00:00.0"
};

class TestCard {
  public:
    /// At least 320x180, both even.
    TestCard(int width, int height);

    /// Valid until the next call.
    const Picture& paint(const CardMoment& moment);

    // Where things are, for those who look for them.
    Rect flash_place() const { return scaled({1010, 480, 160, 160}); }
    Rect digits_place() const { return scaled({110, 480, 560, 170}); }
    Rect clock_place() const { return scaled({340, 344, 600, 96}); }

  private:
    /// From the 1280x720 that the card is drawn for to its size.
    Rect scaled(const Rect& of_720p) const;
    void paint_still_parts();
    void paint_grain(std::uint32_t seed);

    Picture picture_;
};

}  // namespace tongke::signal
