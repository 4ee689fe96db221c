#include <set>

#include "common/signal/programme.hpp"
#include "common/signal/segments.hpp"
#include "common/signal/test_card.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::signal;

namespace {

constexpr std::int64_t kMinute = 1'744'768'800'000;  // 10:00:00 Asia/Shanghai, a whole minute

double mean(const LumaView& picture, const Rect& place) {
    double sum = 0;
    for (int y = place.y; y < place.y + place.height; ++y)
        for (int x = place.x; x < place.x + place.width; ++x) sum += picture.data[y * picture.stride + x];
    return sum / (place.width * place.height);
}

Rect middle(const Rect& r) { return {r.x + r.width / 3, r.y + r.height / 3, r.width / 3, r.height / 3}; }

/// The digit that is painted in `place`, read back bar by bar; '?' when it is none.
char digit_at(const LumaView& picture, const Rect& place) {
    std::uint8_t lit = 0;
    for (int i = 0; i < 7; ++i)
        if (mean(picture, middle(bar_place(place, i))) > 140) lit |= static_cast<std::uint8_t>(1 << i);
    for (char c = '0'; c <= '9'; ++c)
        if (bars_of(c) == lit) return c;
    return '?';
}

}  // namespace

TEST_CASE("every digit has bars of its own and can be read back") {
    std::set<std::uint8_t> seen;
    for (char c = '0'; c <= '9'; ++c) {
        CHECK(seen.insert(bars_of(c)).second);
        Picture picture(96, 160);
        paint_digits(picture, {0, 0, 96, 160}, std::string(1, c), kWhite, kBlack);
        CHECK(digit_at(picture.luma(), {0, 0, 84, 160}) == c);
    }
    CHECK(bars_of(' ') == 0);
}

TEST_CASE("the card shows the digits, and the flash while it lasts") {
    const auto size = GENERATE(std::pair{1280, 720}, std::pair{640, 360});
    TestCard card(size.first, size.second);
    const auto& lit = card.paint({{1, kMinute}, "4711", "10:00:00.0"});
    CHECK(mean(lit.luma(), card.flash_place()) > 230);
    const auto digits = card.digits_place();
    for (int i = 0; i < 4; ++i) {
        const int left = digits.width * i / 4, width = digits.width * (i + 1) / 4 - left;
        const Rect place{digits.x + left, digits.y, width - std::max(2, width / 8), digits.height};
        CHECK(digit_at(lit.luma(), place) == "4711"[i]);
    }
    const auto& dark = card.paint({{2, kMinute + 120}, "4711", "10:00:00.1"});
    CHECK(mean(dark.luma(), card.flash_place()) < 20);
    CHECK(read_time_code(dark.luma()) == TimeCode{2, kMinute + 120});
}

TEST_CASE("no part of the card covers the time code, and a picture is never like the one before") {
    TestCard card(1280, 720);
    std::vector<std::uint8_t> before;
    for (std::uint32_t i = 0; i < 60; ++i) {
        const TimeCode code{i, kMinute + i * 40};
        const auto view = card.paint({code, "8888", "88:88:88.8"}).luma();
        REQUIRE(read_time_code(view) == code);
        std::vector<std::uint8_t> now(view.data, view.data + view.stride * view.height);
        // Below the bar too: the freeze detector must have something to see.
        CHECK_FALSE((!before.empty() &&
                     std::equal(now.begin() + 100 * 1280, now.end(), before.begin() + 100 * 1280)));
        before = std::move(now);
    }
}

TEST_CASE("flash and beep begin together on each even second and last as long") {
    for (std::int64_t ms = 0; ms < 4000; ++ms) {
        const bool on = ms % 2000 < 100;
        CHECK(flashing(kMinute + ms) == on);
        double loudest = 0;
        for (int us = 0; us < 1000; us += 100)
            loudest =
                std::max(loudest, std::abs(static_cast<double>(sound_at((kMinute + ms) * 1000 + us).left)));
        if (!on) CHECK(loudest == 0);
        if (ms % 2000 > 5 && ms % 2000 < 95) CHECK(loudest > 0.1);
    }
}

TEST_CASE("each minute a tone is heard on the left alone and one on the right alone") {
    const auto loudness = [](std::int64_t from_ms, std::int64_t to_ms) {
        double left = 0, right = 0;
        for (auto us = from_ms * 1000; us < to_ms * 1000; us += 125) {
            const auto s = sound_at(kMinute * 1000 + us);
            left = std::max(left, std::abs(static_cast<double>(s.left)));
            right = std::max(right, std::abs(static_cast<double>(s.right)));
        }
        return std::pair{left > 0.2, right > 0.2};
    };
    CHECK(loudness(20'500, 21'500) == std::pair{true, false});
    CHECK(loudness(22'500, 23'500) == std::pair{true, false});
    CHECK(loudness(30'500, 31'500) == std::pair{false, true});
    CHECK(loudness(32'500, 33'500) == std::pair{false, true});
    CHECK(loudness(21'600, 21'990) == std::pair{false, false});
    CHECK(loudness(20'101, 20'500) == std::pair{false, false});
    CHECK(loudness(90'500, 91'500) == std::pair{false, true});
}

TEST_CASE("a sound has no step that would click") {
    float before = 0;
    for (std::int64_t i = 0; i < 48'000 * 40; ++i) {
        const auto now = sound_at(kMinute * 1000 + i * 1'000'000 / 48'000).left;
        REQUIRE(std::abs(now - before) < 0.06F);
        before = now;
    }
}
