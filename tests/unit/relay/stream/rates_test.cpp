#include "relay/stream/rates.hpp"
#include "relay/stream/advisories.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

Frame arrived(TrackKind kind, std::size_t bytes, SteadyTime arrival, std::int64_t dts_ms = 0,
              std::int32_t cts_ms = 0) {
    Frame frame;
    frame.kind = kind;
    frame.payload = share(Bytes(bytes));
    frame.arrival = arrival;
    frame.dts_ms = dts_ms;
    frame.cts_ms = cts_ms;
    return frame;
}

}  // namespace

TEST_CASE("bitrate and frame rate are those of the last whole seconds") {
    Rates rates;
    SteadyTime now{1h};
    for (int i = 0; i < 250; ++i, now += 40ms) rates.add(arrived(TrackKind::video, 10'000, now));
    CHECK(rates.fps(now) == Approx(25));
    CHECK(rates.bitrate_bps(now) == 2'000'000);
    CHECK(rates.fps(now + 20s) == 0);
}

TEST_CASE("gaps are those between pictures, and a new publisher's absence is none") {
    Rates rates;
    SteadyTime now{1h};
    CHECK_FALSE(rates.add(arrived(TrackKind::video, 1, now)));
    CHECK_FALSE(rates.add(arrived(TrackKind::audio, 1, now + 20ms)));
    CHECK(*rates.add(arrived(TrackKind::video, 1, now + 700ms)) == Approx(0.7));
    rates.restart();
    CHECK_FALSE(rates.add(arrived(TrackKind::video, 1, now + 9s)));
    CHECK(rates.gaps().over_500_ms == 1);
    CHECK(rates.gaps().over_2_s == 0);
    CHECK(rates.gaps().worst_s == Approx(0.7));
}

TEST_CASE("the skew is what has come of the sound less what has come of the picture") {
    const int ahead_ms = GENERATE(0, 1500, -1500);
    Rates rates;
    SteadyTime now{1h};
    CHECK_FALSE(rates.av_skew_s(now));
    for (int i = 0; i < 150; ++i, now += 40ms) {
        rates.add(arrived(TrackKind::video, 100, now, i * 40));
        rates.add(arrived(TrackKind::audio, 100, now, i * 40 + ahead_ms));
    }
    CHECK(*rates.av_skew_s(now) == Approx(ahead_ms / 1000.0).margin(0.03));
    CHECK(rates.sounds_per_second(now) == Approx(25));
    CHECK(rates.age(now) == 6s);
    for (int i = 150; i < 400; ++i, now += 40ms) rates.add(arrived(TrackKind::video, 100, now, i * 40));
    CHECK_FALSE(rates.av_skew_s(now));
    rates.restart();
    CHECK(rates.age(now) == 0s);
}

TEST_CASE("B-frames are pictures that are shown before one that was sent earlier") {
    const bool reordered = GENERATE(false, true);
    Rates rates;
    SteadyTime now{1h};
    for (int i = 0; i < 75; ++i, now += 40ms) {
        const int cts = !reordered ? 80 : i % 3 == 0 ? 120 : 0;
        rates.add(arrived(TrackKind::video, 100, now, i * 40, cts));
    }
    CHECK(rates.b_frames(now) == reordered);
    CHECK_FALSE(rates.av_skew_s(now));
}

TEST_CASE("an advisory begins once, ends, and is remembered with both") {
    Advisories advisories;
    const WallTime begin{1s};
    const Advisory x{"x", "text", AdvisoryLevel::warning, {}, {}},
        y{"y", "text", AdvisoryLevel::notice, {}, {}};
    advisories.set(x, true, begin);
    advisories.set(x, true, begin + 5s);
    REQUIRE(advisories.list().size() == 1);
    CHECK(advisories.list()[0].since == begin);
    CHECK(advisories.past().empty());
    advisories.set(x, false, begin + 6s);
    CHECK(advisories.list().empty());
    const SteadyTime steady{1h};
    advisories.set_recent(y, 3, steady, begin);
    CHECK(advisories.list().size() == 1);
    advisories.set_recent(y, 3, steady + 61s, begin + 61s);
    CHECK(advisories.list().empty());
    advisories.set_recent(y, 3, steady + 62s, begin - 24h);  // somebody set the clock
    CHECK(advisories.list().empty());
    REQUIRE(advisories.past().size() == 2);
    CHECK(advisories.past()[0].code == "y");
    CHECK(advisories.past()[1].since == begin);
    CHECK(advisories.past()[1].until == begin + 6s);
}

TEST_CASE("what a watch finds stands beside the rest, grows worse and ends with it") {
    Advisories advisories;
    const WallTime now{100s};
    const Advisory slate{"slate", "text", AdvisoryLevel::alarm, {}, {}};
    Advisory black{"black", "text", AdvisoryLevel::notice, now - 3s, {}};
    advisories.set(slate, true, now);
    advisories.found({black}, now);
    CHECK(advisories.list().size() == 2);
    black.level = AdvisoryLevel::alarm;
    black.since = now;
    advisories.found({black}, now + 27s);
    REQUIRE(advisories.list().size() == 2);
    CHECK(advisories.list()[1].level == AdvisoryLevel::alarm);
    CHECK(advisories.list()[1].since == now - 3s);
    advisories.found({}, now + 30s);
    REQUIRE(advisories.list().size() == 1);
    CHECK(advisories.list()[0].code == "slate");
    CHECK(advisories.past().front().until == now + 30s);
    for (int i = 0; i < 200; ++i) {
        advisories.found({black}, now);
        advisories.found({}, now);
    }
    CHECK(advisories.past().size() == Advisories::kRemembered);
}
