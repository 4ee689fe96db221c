#include "common/hls/audio_clock.hpp"

#include <cstdlib>

#include "tests/support/catch.hpp"

using tongke::hls::AudioClock;

TEST_CASE("rounded millisecond timestamps give frames exactly 1024 samples apart") {
    AudioClock clock(44'100, 1024);
    for (std::int64_t k = 0; k < 930'000; ++k)  // six hours
        REQUIRE(clock.place(k * 1024 * 1000 / 44'100) == k * 1024);
    CHECK(clock.resyncs() == 0);
}

TEST_CASE("a jittering encoder does not move the sound") {
    AudioClock clock(48'000, 1024);
    const auto first = clock.place(1'000).value();
    for (std::int64_t k = 1; k < 10'000; ++k)
        REQUIRE(clock.place(1'000 + k * 64 / 3 + (k * 7919) % 41 - 20) == first + k * 1024);
}

TEST_CASE("a real gap is left open and not smeared over the sound that follows") {
    AudioClock clock(48'000, 1024);
    clock.place(0);
    clock.place(21);
    CHECK(clock.place(543) == 543 * 48);
    CHECK(clock.place(564) == 543 * 48 + 1024);
    CHECK(clock.resyncs() == 1);
}

TEST_CASE("sound that comes too fast is left out instead of pushing the rest back") {
    AudioClock clock(48'000, 1024);
    int kept = 0;
    for (int i = 0; i < 1'000; ++i) kept += clock.place(i).has_value();  // 1 ms apart: 21 times too much
    CHECK(kept >= 46);
    CHECK(kept <= 53);
}

TEST_CASE("a drift between the encoder's clocks is followed without a jump") {
    AudioClock clock(48'000, 1024);
    std::int64_t last = -1024, worst = 0;
    for (std::int64_t k = 0; k < 1'000'000; ++k) {
        const auto stamp_ms = static_cast<std::int64_t>(static_cast<double>(k) * 64 / 3 * 1.0001);  // 100 ppm
        const auto at = clock.place(stamp_ms).value();
        REQUIRE(std::abs(at - last - 1024) <= 4);
        worst = std::max(worst, std::abs(at - stamp_ms * 48));
        last = at;
    }
    CHECK(worst < 48 * 12);  // 12 ms
    CHECK(clock.resyncs() == 0);
}

TEST_CASE("timestamps far beyond 32 bits lose no sample") {
    AudioClock clock(44'100, 1024);
    const std::int64_t start_ms = 1'000'000'000'000;
    const auto first = clock.place(start_ms).value();
    CHECK(first == start_ms / 1000 * 44'100);
    CHECK(clock.place(start_ms + 23) == first + 1024);
}
