#include "common/signal/test_card.hpp"

#include <array>

#include "common/signal/programme.hpp"
#include "common/signal/segments.hpp"

namespace tongke::signal {
namespace {

constexpr Colour kGround{52, 128, 128};
constexpr Colour kUnlit{40, 128, 128};
// 75 % bars, BT.709: white, yellow, cyan, green, magenta, red, blue.
constexpr std::array<Colour, 7> kColourBars{{{180, 128, 128},
                                             {168, 44, 136},
                                             {145, 147, 44},
                                             {133, 63, 52},
                                             {63, 193, 204},
                                             {51, 109, 212},
                                             {28, 212, 120}}};
constexpr int kGreySteps = 16;
constexpr Rect kColours{0, 92, 1280, 150};
constexpr Rect kGreys{0, 242, 1280, 48};
constexpr Rect kTrack{110, 300, 1060, 24};
constexpr Rect kGrain{716, 480, 256, 170};
constexpr std::int64_t kSweepMs = 4000;

/// Corner numbers 1-4 from the upper left: whoever reads them all sees the whole picture.
constexpr std::array<Rect, 4> kCorners{
    {{16, 84, 40, 64}, {1224, 84, 40, 64}, {16, 640, 40, 64}, {1224, 640, 40, 64}}};

}  // namespace

TestCard::TestCard(int width, int height) : picture_(width, height) { paint_still_parts(); }

Rect TestCard::scaled(const Rect& of_720p) const {
    const auto x = [this](int at) { return at * picture_.width() / 1280; };
    const auto y = [this](int at) { return at * picture_.height() / 720; };
    const int left = x(of_720p.x), top = y(of_720p.y);
    return {left, top, x(of_720p.x + of_720p.width) - left, y(of_720p.y + of_720p.height) - top};
}

void TestCard::paint_still_parts() {
    picture_.fill({0, 0, picture_.width(), picture_.height()}, kGround);
    const auto steps = [this](const Rect& row, int count, auto colour) {
        for (int i = 0; i < count; ++i) {
            const int left = row.width * i / count, right = row.width * (i + 1) / count;
            picture_.fill(scaled({row.x + left, row.y, right - left, row.height}), colour(i));
        }
    };
    steps(kColours, static_cast<int>(kColourBars.size()),
          [](int i) { return kColourBars[static_cast<std::size_t>(i)]; });
    steps(kGreys, kGreySteps, [](int i) {
        return Colour{static_cast<std::uint8_t>(16 + 219 * i / (kGreySteps - 1)), 128, 128};
    });
    for (std::size_t i = 0; i < kCorners.size(); ++i) {
        const auto& corner = kCorners[i];
        picture_.fill(scaled({corner.x - 8, corner.y - 8, corner.width + 16, corner.height + 16}), kBlack);
        paint_digits(picture_, scaled(corner), std::string(1, static_cast<char>('1' + i)), kWhite, kBlack);
    }
}

const Picture& TestCard::paint(const CardMoment& moment) {
    paint_time_code(picture_, moment.code);
    paint_digits(picture_, clock_place(), moment.time_of_day, kWhite, kUnlit);
    paint_digits(picture_, digits_place(), moment.digits, kWhite, kUnlit);
    picture_.fill(flash_place(), flashing(moment.code.utc_ms) ? kWhite : kBlack);
    picture_.fill(scaled(kTrack), kBlack);
    const auto sweep = static_cast<int>(moment.code.utc_ms % kSweepMs);
    const int at = (kTrack.width - kTrack.height) * sweep / static_cast<int>(kSweepMs);
    picture_.fill(scaled({kTrack.x + at, kTrack.y, kTrack.height, kTrack.height}), kWhite);
    paint_grain(moment.code.picture);
    return picture_;
}

/// Different in every picture, the same for the same number.
void TestCard::paint_grain(std::uint32_t seed) {
    const auto place = scaled(kGrain);
    std::uint32_t state = seed * 2'654'435'761u | 1u;
    for (int y = place.y; y < place.y + place.height; ++y) {
        auto* row = picture_.plane(0) + std::ptrdiff_t{y} * picture_.width();
        for (int x = place.x; x < place.x + place.width; ++x) {
            // xorshift32 (Marsaglia 2003)
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            row[x] = static_cast<std::uint8_t>(100 + (state >> 24) % 56);
        }
    }
}

}  // namespace tongke::signal
