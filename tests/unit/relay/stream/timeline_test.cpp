#include "relay/stream/timeline.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

constexpr auto kVideo = TrackKind::video;
constexpr auto kAudio = TrackKind::audio;

/// Frames every 40 ms, their timestamps and arrivals in step.
struct Source {
    Timeline& timeline;
    std::uint32_t timestamp;
    SteadyTime now{1h};
    Timeline::Placed next() {
        const auto placed = timeline.place(kVideo, timestamp, now);
        timestamp += 40;
        now += 40ms;
        return placed;
    }
};

}  // namespace

TEST_CASE("the timeline keeps the first timestamp and crosses every wrap without a jump") {
    for (std::uint32_t start : {0u, 0x00FFFF00u, 0x3FFFFFFFu, 0x40000000u, 0x7FFFFF00u, 0xFFFFFF00u}) {
        Timeline timeline;
        Source source{timeline, start};
        std::int64_t expected = start < 0x40000000u ? start : 3000;  // no reader meets 31 or 32 bits
        for (int i = 0; i < 100; ++i, expected += 40) {
            const auto placed = source.next();
            REQUIRE(placed.dts_ms == expected);
            REQUIRE_FALSE(placed.repaired);
        }
        CHECK(timeline.repairs() == 0);
    }
}

TEST_CASE("a run that begins near zero keeps the tracks' distance, and stays above zero") {
    Timeline timeline;
    const SteadyTime now{1h};
    CHECK(timeline.place(kVideo, 0xFFFFFFF0u, now).dts_ms == 3000);
    CHECK(timeline.place(kAudio, 0xFFFFFFF0u - 2900, now).dts_ms == 100);
    CHECK(timeline.place(kVideo, 24, now + 40ms).dts_ms == 3040);
    CHECK(timeline.repairs() == 0);
}

TEST_CASE("a publisher that returns goes on after its absence, whatever its timestamps") {
    Timeline timeline;
    Source source{timeline, 5000};
    for (int i = 0; i < 10; ++i) source.next();  // the last at 5360
    source.now += 1960ms;
    source.timestamp = 0;
    timeline.new_publisher();
    const auto placed = source.next();
    CHECK(placed.dts_ms == 5360 + 2000);
    CHECK(placed.gap_ms == 2000);
    CHECK(source.next().dts_ms == 5360 + 2040);
    CHECK(source.next().gap_ms == 0);
}

TEST_CASE("each track rises strictly, and what is moved is counted") {
    Timeline timeline;
    const SteadyTime now{1h};
    CHECK(timeline.place(kVideo, 1000, now).dts_ms == 1000);
    CHECK(timeline.place(kAudio, 990, now).dts_ms == 990);
    CHECK(timeline.place(kVideo, 1000, now).dts_ms == 1001);
    CHECK(timeline.place(kVideo, 980, now).dts_ms == 1002);
    CHECK(timeline.place(kAudio, 1011, now).dts_ms == 1011);
    CHECK(timeline.repairs() == 2);
}

TEST_CASE("an encoder's clock that jumps, either way, is followed without the jump") {
    for (std::uint32_t jumped : {10u, 50'000'000u}) {
        Timeline timeline;
        Source source{timeline, 1'000'000};
        for (int i = 0; i < 10; ++i) source.next();
        source.timestamp = jumped;
        const auto placed = source.next();
        CHECK(placed.dts_ms == 1'000'400);
        CHECK(placed.repaired);
        CHECK(source.next().dts_ms == 1'000'440);
    }
}

TEST_CASE("pictures whose timestamps are in the order of display do not move the timeline") {
    Timeline timeline;
    const SteadyTime now{1h};
    timeline.place(kVideo, 10'000, now);
    for (std::uint32_t i = 0; i < 100; ++i) {
        const std::uint32_t order[] = {4, 2, 1, 3};  // seven a second, a pyramid of B frames
        const auto at = 10'000 + (i / 4 * 4 + order[i % 4]) * 143;
        const auto sound = timeline.place(kAudio, at, now + i * 143ms);
        timeline.place(kVideo, at, now + i * 143ms);
        if (i % 4 == 0) CHECK(sound.dts_ms == at);
    }
}

TEST_CASE("a pause of the encoder that the wall clock explains is kept as it is") {
    Timeline timeline;
    Source source{timeline, 0};
    source.next();
    source.now += 20s;
    source.timestamp += 20'000;
    const auto placed = source.next();
    CHECK(placed.dts_ms == 20'040);
    CHECK_FALSE(placed.repaired);
}

TEST_CASE("a burst after a blocked network does not move the timeline") {
    Timeline timeline;
    Source source{timeline, 0};
    source.next();
    source.now += 8s;
    for (int i = 1; i < 200; ++i) {
        source.now -= 40ms;
        REQUIRE(source.next().dts_ms == i * 40);
    }
}
