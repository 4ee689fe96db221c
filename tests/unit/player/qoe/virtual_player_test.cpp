#include "player/qoe/virtual_player.hpp"

#include <algorithm>
#include <random>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::qoe;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kMs = 1000;

// Outages, rate caps and jitter, in whole milliseconds.
std::vector<Arrival> random_run(std::mt19937& random) {
    const auto pick = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(random);
    };
    std::vector<Arrival> run;
    std::int64_t media = pick(0, 100'000) * kMs, late = 0;
    const auto offset = pick(-50'000, 50'000) * kMs;  // between the two clocks
    for (int i = 0; i < 40; ++i) {
        const auto length = pick(1, 4) * 500 * kMs;
        if (pick(0, 12) == 0) late += pick(0, 20'000) * kMs;
        late = std::max<std::int64_t>(0, late - pick(0, 1500) * kMs);
        const auto arrived = media + length + offset + late + pick(0, 300) * kMs;
        run.push_back({media, media + length, run.empty() ? arrived : std::max(arrived, run.back().at_us)});
        media += length;
    }
    return run;
}

// The oracle: a player that looks once a millisecond and knows nothing of lags.
std::vector<VirtualStall> ticking_player(const std::vector<Arrival>& run, std::int64_t first_shown,
                                         std::int64_t media) {
    std::vector<VirtualStall> stalls;
    std::size_t next = 0;
    std::int64_t held = media;
    auto waiting = false;
    for (auto now = first_shown; media < run.back().end_us; now += kMs) {
        while (next < run.size() && run[next].at_us <= now) held = run[next++].end_us;
        const auto starved = media >= held;
        if (starved && !waiting) stalls.push_back({now, now});
        if (starved) stalls.back().end_us = now + kMs;
        if (!starved) media += kMs;
        waiting = starved;
    }
    return stalls;
}

std::int64_t total(const std::vector<VirtualStall>& stalls) {
    std::int64_t sum = 0;
    for (const auto& s : stalls) sum += s.end_us - s.begin_us;
    return sum;
}

}  // namespace

TEST_CASE("T1: virtual players stall exactly when a ticking player does") {
    std::size_t stalls = 0;
    for (unsigned seed = 1; seed <= 300; ++seed) {
        std::mt19937 random(seed);
        const auto run = random_run(random);
        for (const auto latency : {2'000'000, 4'000'000, 8'000'000}) {
            const auto least = *smallest_lag_us(run);
            const auto told = virtual_stalls(run, least, latency);
            const auto truth = ticking_player(run, run[0].begin_us + least + latency, run[0].begin_us);
            INFO("seed " << seed << " latency " << latency);
            REQUIRE(told.size() == truth.size());
            for (std::size_t i = 0; i < told.size(); ++i) {
                REQUIRE(told[i].begin_us == truth[i].begin_us);
                REQUIRE(told[i].end_us == truth[i].end_us);
            }
            stalls += told.size();
        }
    }
    CHECK(stalls > 500);
}

TEST_CASE("the required latency is the smallest that never stalls") {
    for (unsigned seed = 1; seed <= 1000; ++seed) {
        std::mt19937 random(seed);
        const auto run = random_run(random);
        const auto required = *required_latency_us(run), least = *smallest_lag_us(run);
        REQUIRE(virtual_stalls(run, least, required).empty());
        REQUIRE_FALSE(virtual_stalls(run, least, required - 1).empty());
    }
}

TEST_CASE("laws: a constant lag changes nothing") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        const auto run = random_run(random);
        auto shifted = run;
        for (auto& a : shifted) a.at_us += 123'456'789;
        for (const auto latency : kCurveLatencies) {
            REQUIRE(curve_point(run, latency).stalls == curve_point(shifted, latency).stalls);
            REQUIRE(curve_point(run, latency).stalled_s == curve_point(shifted, latency).stalled_s);
        }
        REQUIRE(required_latency_us(run) == required_latency_us(shifted));
    }
}

TEST_CASE("laws: a larger latency never stalls more") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        const auto run = random_run(random);
        for (double latency = 0; latency < 30; latency += 0.25) {
            const auto less = curve_point(run, latency), more = curve_point(run, latency + 0.25);
            INFO("seed " << seed << " latency " << latency);
            REQUIRE(more.stalls <= less.stalls);
            REQUIRE(more.stalled_s <= less.stalled_s);
        }
    }
}

TEST_CASE("laws: splitting segments changes nothing") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        const auto run = random_run(random);
        std::vector<Arrival> split;
        for (const auto& a : run) {
            const auto middle = a.begin_us + (a.end_us - a.begin_us) / 3;
            split.push_back({a.begin_us, middle, a.at_us});
            split.push_back({middle, a.end_us, a.at_us});
        }
        for (const auto latency : kCurveLatencies)
            REQUIRE(
                total(virtual_stalls(run, *smallest_lag_us(run), static_cast<std::int64_t>(latency * 1e6))) ==
                total(virtual_stalls(split, *smallest_lag_us(split),
                                     static_cast<std::int64_t>(latency * 1e6))));
        REQUIRE(required_latency_us(run) == required_latency_us(split));
    }
}

TEST_CASE("laws: order of arrival records and repeats change nothing, and ordering is idempotent") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        const auto run = random_run(random);
        auto mixed = run;
        for (std::size_t i = 0; i < run.size(); i += 3) {
            auto again = run[i];
            again.at_us += 5'000'000;
            mixed.push_back(again);
        }
        std::shuffle(mixed.begin(), mixed.end(), random);
        const auto ordered = in_media_order(mixed);
        REQUIRE(ordered.size() == run.size());
        for (std::size_t i = 0; i < run.size(); ++i) REQUIRE(ordered[i].at_us == run[i].at_us);
        REQUIRE(in_media_order(ordered).size() == ordered.size());
    }
}

TEST_CASE("laws: merging is idempotent") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        const Definition definition;
        const auto merge = [&](const std::vector<std::pair<Micros, Micros>>& raw) {
            EpisodeMerger merger(definition);
            std::vector<Episode> out;
            for (const auto& [begin, end] : raw) {
                if (auto over = merger.begin(begin, 0, {})) out.push_back(*over);
                merger.end(end);
            }
            if (auto over = merger.close(raw.back().second)) out.push_back(*over);
            return out;
        };
        std::vector<std::pair<Micros, Micros>> raw;
        Micros at{0};
        for (int i = 0; i < 20; ++i) {
            at += Micros{static_cast<std::int64_t>(random() % 3'000'000)};
            const auto end = at + Micros{static_cast<std::int64_t>(random() % 2'000'000)};
            raw.emplace_back(at, end);
            at = end;
        }
        const auto once = merge(raw);
        std::vector<std::pair<Micros, Micros>> spans;
        for (const auto& e : once) spans.emplace_back(e.begin, e.end);
        const auto twice = merge(spans);
        REQUIRE(once.size() == twice.size());
        Micros sum{0}, parts{0};
        for (const auto& e : once) sum += e.stalled;
        for (const auto& [b, e] : raw) parts += e - b;
        REQUIRE(sum == parts);
    }
}

TEST_CASE("an empty run has no latency and no stall") {
    CHECK_FALSE(required_latency_us({}).has_value());
    CHECK(curve_point({}, 8).stalls == 0);
    CHECK(VirtualPlayers::report({}).curve.size() == 6);
}

TEST_CASE("the reference playhead holds the target just before each segment arrives") {
    ReferencePlayhead player(10s);  // latency_seconds 8 + TARGETDURATION 2
    const SteadyTime zero{1h};
    CHECK_FALSE(player.buffer(zero).has_value());
    for (int i = 0; i < 10; ++i)
        player.arrived(i * 2000, i * 2000 + 2000, zero + std::chrono::seconds{2 * i});
    CHECK(*player.buffer(zero + 18s) == Approx(10));
    CHECK(*player.buffer(zero + 19'999ms) == Approx(8.001).margin(0.0001));
    CHECK(*player.buffer(zero + 60s) == 0);
    player.arrived(20'000, 22'000, zero + 60s);  // it waited 32 s; now it plays on
    CHECK(*player.buffer(zero + 60s) == Approx(2));
    CHECK(*player.buffer(zero + 61s) == Approx(1));
}
