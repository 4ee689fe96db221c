#include "player/qoe/page_session.hpp"

#include <random>

#include "tests/support/catch.hpp"
#include "tests/unit/player/qoe/simulated_page.hpp"

using namespace tongke;
using namespace tongke::qoe;
using namespace tongke::qoe::test;
using namespace std::chrono_literals;
using Kind = PlaybackEvent::Kind;

namespace {

constexpr SteadyTime kPageZero{100h};  // where page time 0 truly is on the node's clock

struct Sent {
    BeaconBatch batch;
    SteadyTime arrival;
};

// One batch a second, each arriving `delay(i)` after it was sent.
template <class Delay>
std::vector<Sent> batches_of(const SimulatedPage& page, Delay delay) {
    std::vector<Sent> all;
    BeaconBatch b{.page = "p"};
    const auto samples = page.samples(0, 200'000);
    for (const auto& s : samples) {
        b.samples.push_back(s);
        if (b.samples.size() < 5 && &s != &samples.back()) continue;
        b.seq = static_cast<std::int64_t>(all.size()) + 1;
        b.sent = s.at;
        all.push_back({b, kPageZero + b.sent + delay(b.seq)});
        b.samples.clear();
    }
    return all;
}

std::vector<PageEvent> play(PageSession& session, const std::vector<Sent>& sent) {
    std::vector<PageEvent> events;
    const auto take = [&](Intake intake) {
        for (auto& e : intake.events) events.push_back(std::move(e));
    };
    for (const auto& s : sent) {
        auto intake = session.add(s.batch, s.arrival);
        REQUIRE(intake);
        take(std::move(*intake));
    }
    if (!sent.empty()) take(session.finish(sent.back().arrival));
    return events;
}

std::vector<PageEvent> stall_ends(const std::vector<PageEvent>& all) {
    std::vector<PageEvent> some;
    for (const auto& e : all)
        if (e.kind == Kind::stall_end) some.push_back(e);
    return some;
}

SimulatedPage one_stall() { return SimulatedPage({{100, 0}, {50, 9'000'000}, {200, 11'000'000}}, 0); }

}  // namespace

TEST_CASE("a stall is on the node's clock where it truly was, whatever the transit") {
    PageSession session("p", kPageZero - 1s);
    std::mt19937 random(1);
    const auto sent = batches_of(one_stall(), [&](auto seq) {
        return Micros{seq == 1 ? 0 : static_cast<std::int64_t>(random() % 300'000)};
    });
    const auto ends = stall_ends(play(session, sent));
    REQUIRE(ends.size() == 1);
    // To 500 ppm of the time since the best batch: two clocks may drift that much.
    CHECK(std::chrono::abs(ends[0].begin - (kPageZero + 3'960ms)) < 5ms);
    CHECK(*ends[0].end - ends[0].begin == 5'040ms);
}

TEST_CASE("a stall during which the LAN was cut is told late and back-dated") {
    PageSession session("p", kPageZero - 1s);
    auto sent = batches_of(one_stall(), [](auto) { return Micros{2'000}; });
    for (auto& s : sent)  // nothing arrives from 4 s to 14 s; then all of it, oldest first
        if (s.arrival > kPageZero + 4s && s.arrival < kPageZero + 14s)
            s.arrival = kPageZero + 14s + Milliseconds{10 * s.batch.seq};
    const auto ends = stall_ends(play(session, sent));
    REQUIRE(ends.size() == 1);
    CHECK(std::chrono::abs(ends[0].begin - (kPageZero + 3'962ms)) < 10ms);
    CHECK(*ends[0].end - ends[0].begin == 5'040ms);
}

TEST_CASE("T1: repeated, reordered and late batches give the same events as a perfect line") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        std::vector<SegmentArrival> segments;
        std::int64_t media = 0, late = 0;
        for (int i = 0; i < 20; ++i) {
            if (random() % 6 == 0) late += static_cast<std::int64_t>(random() % 150) * kFrame;
            segments.push_back({50, std::max<std::int64_t>(0, media - 2'000'000 + late)});
            media += 50 * kFrame;
        }
        const SimulatedPage page(segments, 0);
        PageSession perfect("p", kPageZero - 1s);
        const auto expected = play(perfect, batches_of(page, [](auto) { return 0us; }));
        auto sent = batches_of(page, [&](auto seq) {
            return Micros{seq == 1 ? 0 : static_cast<std::int64_t>(random() % 8'000'000)};
        });
        for (std::size_t i = 0, n = sent.size(); i < n; ++i)
            if (random() % 3 == 0) {
                auto again = sent[i];
                again.arrival += Micros{static_cast<std::int64_t>(random() % 5'000'000)};
                sent.push_back(again);
            }
        std::stable_sort(sent.begin(), sent.end(), [](auto& a, auto& b) { return a.arrival < b.arrival; });
        PageSession rough("p", kPageZero - 1s);
        const auto told = play(rough, sent);
        INFO("seed " << seed);
        REQUIRE(told.size() == expected.size());
        for (std::size_t i = 0; i < told.size(); ++i) {
            REQUIRE(told[i].kind == expected[i].kind);
            REQUIRE(told[i].key == expected[i].key);
            REQUIRE(told[i].length == expected[i].length);
            // The clock map lets two clocks drift apart by 500 ppm at most.
            REQUIRE(std::chrono::abs(told[i].begin - expected[i].begin) < 40ms);
        }
    }
}

TEST_CASE("a batch that never comes is given up after ten seconds") {
    PageSession session("p", kPageZero - 1s);
    auto sent = batches_of(one_stall(), [](auto) { return 0us; });
    sent.erase(sent.begin() + 2);
    std::size_t events = 0;
    for (const auto& s : sent) {
        events += session.add(s.batch, s.arrival)->events.size();
        events += session.advance(s.arrival).events.size();
    }
    CHECK(session.lost() == 1);
    CHECK(events >= 3);
}

TEST_CASE("a page cannot claim more time than its lease has existed") {
    PageSession session("p", kPageZero);
    BeaconBatch b{.page = "p", .seq = 1, .sent = 1s};
    b.samples.resize(2);
    b.samples[1].at = 1s;
    REQUIRE(session.add(b, kPageZero + 1s));
    b.seq = 2;
    b.samples[1].at = b.sent = 4000s;
    CHECK(session.add(b, kPageZero + 2s).error() == BeaconError::clock_impossible);
}

TEST_CASE("between beacons the buffer falls a second a second, and after five it is unknown") {
    const SimulatedPage page({{500, 0}}, 0);
    PageSession session("p", kPageZero - 1s);
    for (const auto& s : batches_of(page, [](auto) { return 0us; }))
        if (s.arrival <= kPageZero + 5s) REQUIRE(session.add(s.batch, s.arrival));
    const auto last = *session.newest_sample();
    CHECK(*session.buffer(last) ==
          Approx(20 - std::chrono::duration<double>(last - kPageZero).count()).margin(0.05));
    CHECK(*session.buffer(last + 2s) == Approx(*session.buffer(last) - 2).margin(0.001));
    CHECK_FALSE(session.buffer(last + 5s).has_value());
}

TEST_CASE("a stalled page's buffer does not fall below what it said") {
    PageSession session("p", kPageZero - 1s);
    for (const auto& s : batches_of(one_stall(), [](auto) { return 0us; }))
        if (s.arrival <= kPageZero + 6s) REQUIRE(session.add(s.batch, s.arrival));
    CHECK(*session.buffer(kPageZero + 7s) == Approx(0));
    REQUIRE(session.open_stall_begin());
    CHECK(session.open_stalled(kPageZero + 8s) == 4'040ms);
}

TEST_CASE("latency is the wall clock minus the capture time of the frame on screen") {
    const SimulatedPage page({{500, 0}}, 0);
    PageSession session("p", kPageZero - 1s);
    const auto sent = batches_of(page, [](auto) { return 0us; });
    REQUIRE(session.add(sent[0].batch, sent[0].arrival));
    const auto shown = *sent[0].batch.samples.back().media_pdt;
    CHECK(*session.latency(sent[0].arrival, from_unix_ms(shown + 9'000)) == Approx(9.0));
}

TEST_CASE("a page clock that slept is followed after ten seconds, a slow drain is not mistaken for it") {
    ClockMap slept(kPageZero - 1h);
    for (int s = 0; s < 30; ++s) slept.observe(Micros{s * 1'000'000}, kPageZero + std::chrono::seconds{s});
    for (int s = 30; s < 60; ++s)
        slept.observe(Micros{s * 1'000'000}, kPageZero + std::chrono::seconds{s + 100});
    CHECK(slept.steps() == 1);
    CHECK(slept.to_node(59s) == kPageZero + 159s);

    ClockMap draining(kPageZero - 1h);
    for (int s = 0; s < 30; ++s) draining.observe(Micros{s * 1'000'000}, kPageZero + std::chrono::seconds{s});
    for (int s = 30; s < 90; ++s)
        draining.observe(Micros{s * 1'000'000}, kPageZero + 90s + Milliseconds{(s - 30) * 200});
    CHECK(draining.steps() == 0);
}

TEST_CASE("nothing maps later than it arrived or before the lease") {
    ClockMap map(kPageZero);
    map.observe(10s, kPageZero + 1s);
    CHECK(map.to_node(0s) == kPageZero);
    CHECK(map.to_node(99s) == kPageZero + 1s);
}
