#include "player/qoe/playback_monitor.hpp"

#include <random>

#include "tests/support/catch.hpp"
#include "tests/unit/player/qoe/simulated_page.hpp"

using namespace tongke;
using namespace tongke::qoe;
using namespace tongke::qoe::test;
using namespace std::chrono_literals;
using Kind = PlaybackEvent::Kind;

namespace {

std::vector<PlaybackEvent> run(PlaybackMonitor& monitor, const std::vector<Sample>& samples) {
    std::vector<PlaybackEvent> all;
    for (const auto& s : samples)
        for (auto& e : monitor.add(s)) all.push_back(e);
    return all;
}

std::vector<PlaybackEvent> of_kind(const std::vector<PlaybackEvent>& all, Kind kind) {
    std::vector<PlaybackEvent> some;
    for (const auto& e : all)
        if (e.kind == kind) some.push_back(e);
    return some;
}

Micros sum(const std::array<Micros, kStateCount>& durations) {
    auto total = Micros{0};
    for (const auto d : durations) total += d;
    return total;
}

// Two seconds a segment; the one numbered `late` comes so much later than the player needs it.
SimulatedPage page_with_stall(std::int64_t late_us) {
    return SimulatedPage({{50, 0}, {50, 1'000'000}, {50, 4'000'000 + late_us}, {50, 4'000'000 + late_us}}, 0);
}

Sample playing(std::int64_t ms, double buffered = 8) {
    Sample s;
    s.at = Micros{ms * 1000};
    s.media_time = s.current_time = s.at;
    s.presented = ms / 40 + 1;
    s.buffered_s = buffered;
    return s;
}

}  // namespace

TEST_CASE("a stall is reported once and ended once, back-dated to the last frame") {
    const auto page = page_with_stall(3'000'000);
    PlaybackMonitor monitor;
    const auto events = run(monitor, page.samples(0, 200'000));
    const auto begins = of_kind(events, Kind::stall_begin);
    const auto ends = of_kind(events, Kind::stall_end);
    REQUIRE(begins.size() == 1);
    REQUIRE(ends.size() == 1);
    CHECK(begins[0].begin == Micros{3'960'000});  // frame 99
    CHECK(*ends[0].end == Micros{7'000'000});
    CHECK(ends[0].length == Micros{3'040'000});
    CHECK(ends[0].media_pdt == 1'000'000'003'960);
}

TEST_CASE("a stall is announced as soon as it has lasted half a second, and ended after a second of play") {
    const auto page = page_with_stall(3'000'000);
    PlaybackMonitor monitor;
    std::optional<Micros> announced, ended;
    for (const auto& s : page.samples(0, 200'000)) {
        for (const auto& e : monitor.add(s)) {
            if (e.kind == Kind::stall_begin) announced = s.at;
            if (e.kind == Kind::stall_end) ended = s.at;
        }
    }
    CHECK(*announced == 4'600ms);  // the first look ≥ 0.5 s after 3.96 s
    CHECK(*ended == 8'000ms);
}

TEST_CASE("a gap below half a second is only counted as micro") {
    PlaybackMonitor monitor;
    const auto events = run(monitor, page_with_stall(300'000).samples(0, 200'000));
    CHECK(of_kind(events, Kind::stall_begin).empty());
    CHECK(monitor.totals().micro_stalls == 1);
}

TEST_CASE("stalls less than a second of play apart are one episode and their parts add up") {
    // 0.36 s, then 0.8 s of play, then 0.36 s: neither counts alone.
    const SimulatedPage page({{50, 0}, {20, 2'320'000}, {150, 3'440'000}}, 0);
    PlaybackMonitor monitor;
    const auto ends = of_kind(run(monitor, page.samples(0, 200'000)), Kind::stall_end);
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].begin == 1'960ms);
    CHECK(*ends[0].end == 3'440ms);
    CHECK(ends[0].length == 720ms);
}

TEST_CASE("stalls with a second of play between them are two") {
    const SimulatedPage page({{50, 0}, {50, 3'000'000}, {100, 6'000'000}}, 0);
    PlaybackMonitor monitor;
    const auto ends = of_kind(run(monitor, page.samples(0, 200'000)), Kind::stall_end);
    REQUIRE(ends.size() == 2);
    CHECK(monitor.totals().stalls == 2);
}

TEST_CASE("with a second ahead of the playhead a frozen picture is the decoder's, not a stall") {
    PlaybackMonitor monitor;
    std::vector<Sample> samples;
    for (int ms = 0; ms <= 2000; ms += 200) samples.push_back(playing(ms));
    for (int ms = 2200; ms <= 4000; ms += 200) {
        auto s = playing(2000);
        s.at = Micros{ms * 1000};
        s.current_time = s.at;  // sound goes on
        samples.push_back(s);
    }
    samples.push_back(playing(4200));
    const auto events = run(monitor, samples);
    CHECK(of_kind(events, Kind::stall_begin).empty());
    REQUIRE(of_kind(events, Kind::freeze_begin).size() == 1);
    REQUIRE(of_kind(events, Kind::freeze_end).size() == 1);
    CHECK(of_kind(events, Kind::freeze_begin)[0].begin == 2000ms);
    CHECK(monitor.totals().freezes == 1);
}

TEST_CASE("an underrun after which sound returns and the picture does not becomes a freeze") {
    PlaybackMonitor monitor;
    std::vector<Sample> samples;
    for (int ms = 0; ms <= 2000; ms += 200) samples.push_back(playing(ms, 0.5));
    for (int ms = 2200; ms <= 4000; ms += 200) {
        auto s = playing(2000, 0);
        s.at = Micros{ms * 1000};
        samples.push_back(s);
    }
    for (int ms = 4200; ms <= 6000; ms += 200) {
        auto s = playing(2000, 6);
        s.at = Micros{ms * 1000};
        s.current_time = Micros{(ms - 2000) * 1000};
        samples.push_back(s);
    }
    const auto events = run(monitor, samples);
    REQUIRE(of_kind(events, Kind::stall_end).size() == 1);
    CHECK(*of_kind(events, Kind::stall_end)[0].end == 4200ms);
    REQUIRE(of_kind(events, Kind::freeze_begin).size() == 1);
    CHECK(of_kind(events, Kind::freeze_begin)[0].begin == 4200ms);
    CHECK(monitor.state() == State::decoder_frozen);
}

TEST_CASE("going hidden closes the stall at that moment and hidden time is no evidence") {
    PlaybackMonitor monitor;
    auto samples = page_with_stall(20'000'000).samples(0, 200'000);
    for (auto& s : samples)
        if (s.at >= 6s && s.at < 10s) s.visible = false;
    const auto ends = of_kind(run(monitor, samples), Kind::stall_end);
    REQUIRE(ends.size() == 2);
    CHECK(*ends[0].end == 6s);
    CHECK(ends[1].begin == 10s);  // still without a picture on return: a stall from then
    CHECK(*ends[1].end == 24s);
}

TEST_CASE("a paused page does not stall") {
    PlaybackMonitor monitor;
    std::vector<Sample> samples;
    for (int ms = 0; ms <= 2000; ms += 200) samples.push_back(playing(ms, 0.2));
    for (int ms = 2200; ms <= 6000; ms += 200) {
        auto s = playing(2000, 0.2);
        s.at = Micros{ms * 1000};
        s.paused = true;
        samples.push_back(s);
    }
    CHECK(of_kind(run(monitor, samples), Kind::stall_begin).empty());
    CHECK(monitor.state() == State::paused);
}

TEST_CASE("startup is the time from the click to the first frame") {
    PlaybackMonitor monitor;
    auto before = playing(0);
    before.presented = 0;
    before.media_time.reset();
    before.paused = true;
    monitor.add(before);
    CHECK(monitor.state() == State::idle);
    monitor.add(Mark{MarkName::click, 100ms});
    CHECK(monitor.state() == State::starting);
    const auto started = monitor.add(Mark{MarkName::first_frame, 1'350ms});
    REQUIRE(started.size() == 1);
    CHECK(started[0].length == 1'250ms);
    CHECK(*monitor.totals().startup == 1'250ms);
}

TEST_CASE("a start that never shows a frame is counted apart, never as zero") {
    PlaybackMonitor monitor;
    monitor.add(Mark{MarkName::click, 100ms});
    const auto events = monitor.finish(9s);
    REQUIRE(of_kind(events, Kind::start_failed).size() == 1);
    CHECK_FALSE(monitor.totals().startup.has_value());
}

TEST_CASE("an open stall ends with the session") {
    PlaybackMonitor monitor;
    auto samples = page_with_stall(20'000'000).samples(0, 200'000);
    samples.resize(40);  // up to 7.8 s
    run(monitor, samples);
    const auto ends = of_kind(monitor.finish(9s), Kind::stall_end);
    REQUIRE(ends.size() == 1);
    CHECK(*ends[0].end == 9s);
    CHECK(monitor.state() == State::ended);
}

TEST_CASE("a picture that jumps in time is not a stall") {
    PlaybackMonitor monitor;
    std::vector<Sample> samples;
    for (int ms = 0; ms <= 10'000; ms += 200) {
        auto s = playing(ms, 0.5);
        if (ms > 3000) s.media_time = s.current_time = s.at + 7s;
        if (ms > 6000) s.media_time = s.current_time = s.at - 3s;
        samples.push_back(s);
    }
    CHECK(of_kind(run(monitor, samples), Kind::stall_begin).empty());
    CHECK(monitor.totals().micro_stalls == 0);
}

TEST_CASE("lost samples do not lose a stall") {
    const auto page = page_with_stall(3'000'000);
    PlaybackMonitor monitor;
    std::vector<Sample> samples;
    for (const auto& s : page.samples(0, 200'000))
        if (s.at <= 3'800ms || s.at >= 7'200ms) samples.push_back(s);
    const auto ends = of_kind(run(monitor, samples), Kind::stall_end);
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].length == 3'040ms);  // its place is only known to lie between the two samples
    CHECK(ends[0].begin == 3'800ms);
}

TEST_CASE("samples that go back in time are counted and ignored") {
    PlaybackMonitor monitor;
    monitor.add(playing(1000));
    monitor.add(playing(400));
    CHECK(monitor.ignored() == 1);
}

TEST_CASE("ratios are empty when nothing was played") {
    CHECK_FALSE(stall_ratio(0s, 0s).has_value());
    CHECK(*stall_ratio(1s, 99s) == Approx(0.01));
    CHECK(*stalls_per_100_s(3, 600s) == Approx(0.5));
    CHECK(*stalled_s_per_100_s(6s, 600s) == Approx(1.0));
}

namespace {

// Outages, rate caps and jitter: when each two-second segment reaches the page.
std::vector<SegmentArrival> random_arrivals(std::mt19937& random, std::int64_t grain) {
    const auto pick = [&](std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    };
    std::vector<SegmentArrival> all;
    const auto kind = pick(0, 3);
    const auto lead = pick(0, 6'000'000);
    std::int64_t media = 0, extra = 0;
    for (int i = 0; i < 25; ++i) {
        const auto frames = pick(1, 3) * 25;
        if (kind == 0 && pick(0, 9) == 0) extra += pick(0, 12'000'000);  // outages
        if (kind == 1) extra += frames * kFrame * pick(0, 8) / 10;       // a rate cap
        if (kind == 2 && pick(0, 2) == 0) extra += pick(0, 900'000);     // small steps
        const auto jitter = kind == 3 ? pick(0, 2'500'000) : 0;
        const auto at = std::max<std::int64_t>(0, media - lead + extra + jitter);
        all.push_back({frames, (at + grain - 1) / grain * grain});
        media += frames * kFrame;
    }
    return all;
}

}  // namespace

TEST_CASE("T1: on frame-aligned samples every event equals the oracle, to the microsecond") {
    int counted = 0;
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        std::mt19937 random(seed);
        const SimulatedPage page(random_arrivals(random, kFrame), 0);
        const auto truth = page.episodes();
        PlaybackMonitor monitor;
        auto events = run(monitor, page.samples(0, 200'000));
        for (auto& e : monitor.finish(Micros{page.end()})) events.push_back(e);
        INFO("seed " << seed);
        const auto begins = of_kind(events, Kind::stall_begin);
        const auto ends = of_kind(events, Kind::stall_end);
        REQUIRE(begins.size() == truth.size());
        REQUIRE(ends.size() == truth.size());
        for (std::size_t i = 0; i < truth.size(); ++i) {
            REQUIRE(begins[i].begin.count() == truth[i].begin);
            REQUIRE(ends[i].begin.count() == truth[i].begin);
            REQUIRE(ends[i].end->count() == truth[i].end);
            REQUIRE(ends[i].length.count() == truth[i].stalled);
        }
        REQUIRE(sum(monitor.durations(monitor.state_since())) ==
                monitor.state_since() - *monitor.session_begin());
        counted += static_cast<int>(truth.size());
    }
    CHECK(counted > 3000);
}

TEST_CASE("T1: jumps of the media's time stamps change no event") {
    for (unsigned seed = 1; seed <= 2000; ++seed) {
        std::mt19937 random(seed);
        auto arrivals = random_arrivals(random, kFrame);
        const SimulatedPage straight(arrivals, 0);
        for (std::size_t i = 1; i < arrivals.size(); ++i)
            if (random() % 4 == 0)
                arrivals[i].jump =
                    (random() % 2 ? 1 : -1) * (1'000'000 + static_cast<std::int64_t>(random() % 40'000'000));
        const SimulatedPage jumping(arrivals, 0);
        PlaybackMonitor first, second;
        const auto expected = of_kind(run(first, straight.samples(0, 200'000)), Kind::stall_end);
        const auto told = of_kind(run(second, jumping.samples(0, 200'000)), Kind::stall_end);
        INFO("seed " << seed);
        REQUIRE(told.size() == expected.size());
        for (std::size_t i = 0; i < told.size(); ++i) {
            REQUIRE(told[i].begin == expected[i].begin);
            REQUIRE(*told[i].end == *expected[i].end);
        }
    }
}

namespace {

// The truth for a measuring error of up to one frame either way at the two thresholds.
std::vector<TrueEpisode> near_truths(const SimulatedPage& page) {
    std::vector<TrueEpisode> all;
    for (const auto raw : {-kFrame, std::int64_t{0}, kFrame})
        for (const auto gap : {-kFrame, std::int64_t{0}, kFrame})
            for (const auto& e : page.episodes(200'000 + raw, 1'000'000 + gap, 500'000 - 2 * kFrame))
                all.push_back(e);
    return all;
}

}  // namespace

TEST_CASE(
    "T1: at any phase and sample spacing, ends are within a frame in 999 of 1000 and five frames in all") {
    std::size_t counted = 0, beyond_a_frame = 0;
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        std::mt19937 random(seed);
        const SimulatedPage page(random_arrivals(random, 1), 0);
        std::vector<Sample> samples;
        for (std::int64_t t = static_cast<std::int64_t>(random() % 200'000); t <= page.end();
             t += 180'000 + static_cast<std::int64_t>(random() % 40'000))
            samples.push_back(page.at(t));
        PlaybackMonitor monitor;
        auto events = run(monitor, samples);
        for (auto& e : monitor.finish(Micros{page.end()})) events.push_back(e);
        const auto ends = of_kind(events, Kind::stall_end);
        INFO("seed " << seed);
        const auto truths = near_truths(page);
        for (const auto& e : ends) {
            INFO("told " << e.begin.count() << " to " << e.end->count());
            REQUIRE(std::any_of(truths.begin(), truths.end(), [&](const TrueEpisode& t) {
                return e.begin.count() < t.end && t.begin < e.end->count();
            }));
            beyond_a_frame += std::none_of(truths.begin(), truths.end(), [&](const TrueEpisode& t) {
                return std::abs(e.begin.count() - t.begin) < kFrame &&
                       std::abs(e.end->count() - t.end) < kFrame;
            });
        }
        for (const auto& t : page.episodes(200'000 + kFrame, 1'000'000 - kFrame, 500'000 + 2 * kFrame)) {
            INFO("true " << t.begin << " to " << t.end);
            REQUIRE(std::any_of(ends.begin(), ends.end(), [&](const PlaybackEvent& e) {
                return e.begin.count() < t.end && t.begin < e.end->count();
            }));
        }
        counted += ends.size();
    }
    CHECK(counted > 3000);
    CHECK(beyond_a_frame * 1000 <= counted);
}
