#include "relay/stream/rates.hpp"
#include "relay/stream/advisories.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

TEST_CASE("bitrate and frame rate are those of the last whole seconds") {
    Rates rates;
    SteadyTime now{1h};
    for (int i = 0; i < 250; ++i, now += 40ms) rates.add(TrackKind::video, 10'000, now);
    CHECK(rates.fps(now) == Approx(25));
    CHECK(rates.bitrate_bps(now) == 2'000'000);
    CHECK(rates.fps(now + 20s) == 0);
}

TEST_CASE("gaps are those between pictures, and a new publisher's absence is none") {
    Rates rates;
    SteadyTime now{1h};
    CHECK_FALSE(rates.add(TrackKind::video, 1, now));
    CHECK_FALSE(rates.add(TrackKind::audio, 1, now + 20ms));
    CHECK(*rates.add(TrackKind::video, 1, now + 700ms) == Approx(0.7));
    rates.restart();
    CHECK_FALSE(rates.add(TrackKind::video, 1, now + 9s));
    CHECK(rates.gaps().over_500_ms == 1);
    CHECK(rates.gaps().over_2_s == 0);
    CHECK(rates.gaps().worst_s == Approx(0.7));
}

TEST_CASE("an advisory begins once and ends") {
    Advisories advisories;
    const WallTime begin{1s};
    advisories.set("x", "text", true, begin);
    advisories.set("x", "text", true, begin + 5s);
    REQUIRE(advisories.list().size() == 1);
    CHECK(advisories.list()[0].since == begin);
    advisories.set("x", "text", false, begin + 6s);
    CHECK(advisories.list().empty());
    advisories.set_recent("y", "text", 3, begin);
    CHECK(advisories.list().size() == 1);
    advisories.set_recent("y", "text", 3, begin + 61s);
    CHECK(advisories.list().empty());
}
