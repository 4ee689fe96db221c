#include "player/qoe/room_monitor.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/player/qoe/simulated_page.hpp"

using namespace tongke;
using namespace tongke::qoe;
using namespace tongke::qoe::test;
using namespace std::chrono_literals;
using Out = RoomEventOut::Kind;

namespace {

constexpr SteadyTime kZero{100h};

// The page's samples as the room's monitor gets them: a batch every 0.4 s.
struct Lesson {
    Ledger ledger;
    RoomMonitor room{ledger, kZero, 8};
    std::vector<RoomEventOut> events;
    std::vector<double> startups;

    void take(const RoomMonitor::Update& u) {
        events.insert(events.end(), u.events.begin(), u.events.end());
        startups.insert(startups.end(), u.startups_s.begin(), u.startups_s.end());
    }
    void play(const SimulatedPage& page, const std::string& id, SteadyTime page_zero,
              std::int64_t until = 1LL << 50) {
        BeaconBatch b{.page = id, .seq = 1};
        for (const auto& s : page.samples(0, 200'000)) {
            if (s.at.count() > until) break;
            b.samples.push_back(s);
            if (b.samples.size() < 2) continue;
            b.sent = s.at;
            const auto update = room.beacons(b, page_zero + s.at);
            REQUIRE(update);
            take(*update);
            take(room.advance(page_zero + s.at));
            ++b.seq;
            b.samples.clear();
        }
    }
    std::vector<RoomEventOut> of(Out kind) const {
        std::vector<RoomEventOut> some;
        for (const auto& e : events)
            if (e.kind == kind) some.push_back(e);
        return some;
    }
};

SimulatedPage five_second_stall() { return SimulatedPage({{200, 0}, {300, 13'000'000}}, 0); }

}  // namespace

TEST_CASE("one stall: one begin, one end, counted once by hop and class") {
    Lesson lesson;
    lesson.play(five_second_stall(), "p", kZero);
    REQUIRE(lesson.of(Out::stall_begin).size() == 1);
    REQUIRE(lesson.of(Out::stall_end).size() == 1);
    const auto end = lesson.of(Out::stall_end)[0];
    CHECK(end.begin == kZero + 7'960ms);
    CHECK(*end.length == 5'040ms);
    CHECK(*end.stall_class == StallClass::long_stall);
    const auto totals = lesson.room.totals(kZero + 25s);
    CHECK(totals.stalls == 1);
    CHECK(totals.stalls_by.at({end.verdict.hop, StallClass::long_stall}) == 1);
    CHECK(totals.played + 5'040ms <= 25s);
}

TEST_CASE("the colour goes by the buffer that the room aims at now") {
    Lesson lesson;
    lesson.play(five_second_stall(), "p", kZero, 6'000'000);
    REQUIRE(lesson.room.snapshot(kZero + 6s, {}).health == Health::yellow);
    lesson.room.aim_at(30);
    lesson.room.advance(kZero + 6s);
    lesson.room.advance(kZero + 8s);
    CHECK(lesson.room.snapshot(kZero + 8s, {}).health == Health::red);
}

TEST_CASE("while it lasts the stall is open, grows, and the room is red") {
    Lesson lesson;
    lesson.play(five_second_stall(), "p", kZero, 11'000'000);
    const auto s = lesson.room.snapshot(kZero + 11s, {});
    REQUIRE(s.open);
    CHECK(s.open->begin == kZero + 7'960ms);
    CHECK(s.open->stalled >= 3s);
    CHECK(s.totals.open_stalls == 1);
    CHECK(s.totals.stalls == 0);
    CHECK(s.state == State::stalled);
    CHECK(s.health == Health::red);
    CHECK(*s.buffer_s == Approx(0));
}

TEST_CASE("a reloaded page ends the stall of the page before, and counters go on") {
    Lesson lesson;
    lesson.play(five_second_stall(), "before", kZero, 11'000'000);
    lesson.play(five_second_stall(), "after", kZero + 12s);
    CHECK(lesson.of(Out::stall_begin).size() == 2);
    REQUIRE(lesson.of(Out::stall_end).size() == 2);
    CHECK(*lesson.of(Out::stall_end)[0].end <= kZero + 12'400ms);
    CHECK(lesson.room.totals(kZero + 60s).stalls == 2);
    BeaconBatch late{.page = "before", .seq = 99, .sent = 12s};
    CHECK(lesson.room.beacons(late, kZero + 61s)->events.empty());
}

TEST_CASE("a silent page is unknown, never green, and its stall does not end by itself") {
    Lesson lesson;
    lesson.play(five_second_stall(), "p", kZero, 11'000'000);
    lesson.take(lesson.room.advance(kZero + 20s));
    const auto s = lesson.room.snapshot(kZero + 20s, {});
    CHECK_FALSE(s.state.has_value());
    CHECK_FALSE(s.buffer_s.has_value());
    CHECK(s.open.has_value());
    CHECK(lesson.of(Out::stall_end).empty());
    lesson.take(lesson.room.finish(kZero + 30s));
    REQUIRE(lesson.of(Out::stall_end).size() == 1);
    CHECK(*lesson.of(Out::stall_end)[0].end == kZero + 11s);  // nobody knows what came after
}

TEST_CASE("the same beacons again give the same keys") {
    Lesson first, second;
    first.play(five_second_stall(), "p", kZero);
    second.play(five_second_stall(), "p", kZero);
    REQUIRE(first.events.size() == second.events.size());
    for (std::size_t i = 0; i < first.events.size(); ++i) CHECK(first.events[i].key == second.events[i].key);
}

TEST_CASE("refused beacons are counted and change nothing") {
    Lesson lesson;
    lesson.play(five_second_stall(), "p", kZero, 2'000'000);
    BeaconBatch b{.page = "p", .seq = 99, .sent = 9'999s};
    b.samples.push_back({.at = 9'999s});
    CHECK_FALSE(lesson.room.beacons(b, kZero + 3s));
    CHECK(lesson.room.refused() == 1);
    CHECK(lesson.room.snapshot(kZero + 3s, {}).state == State::playing);
}

TEST_CASE("colours follow the buffer with two seconds of hysteresis; stalls and silence are at once") {
    RoomHealth health;
    CHECK(health.look(kZero, 8.0, 8, false) == Health::green);
    CHECK(health.look(kZero + 1s, 4.0, 8, false) == Health::green);
    CHECK(health.look(kZero + 2s, 8.0, 8, false) == Health::green);
    CHECK(health.look(kZero + 3s, 4.0, 8, false) == Health::green);
    CHECK(health.look(kZero + 5s, 4.0, 8, false) == Health::yellow);
    CHECK(health.look(kZero + 6s, 1.0, 8, false) == Health::yellow);
    CHECK(health.look(kZero + 8s, 1.0, 8, false) == Health::red);
    CHECK(health.look(kZero + 9s, 8.0, 8, true) == Health::red);
    CHECK(health.look(kZero + 10s, {}, 8, false) == Health::unknown);
    CHECK(health.look(kZero + 11s, 8.0, 8, false, 1.1) == Health::yellow);
}

TEST_CASE("the forecast says how long, from a minute down") {
    CHECK_FALSE(seconds_until_stall(8, 0).has_value());
    CHECK(*seconds_until_stall(8, -1) == Approx(8));
    CHECK_FALSE(seconds_until_stall(8, -0.1).has_value());
    CHECK(*seconds_to_refill(5, 2.5e6, 5e6) == Approx(5));
    CHECK_FALSE(seconds_to_refill(5, 2.5e6, 2e6).has_value());
}

TEST_CASE("the history keeps the minimum of ten-second cells and the slope of the last five seconds") {
    BufferHistory history;
    for (int i = 0; i < 100; ++i) history.add(kZero + Milliseconds{200 * i}, 20 - 0.2 * i);
    const auto cells = history.cells(kZero + 20s);
    REQUIRE(cells.size() == 3);
    CHECK(*cells[0] == Approx(20 - 0.2 * 49));
    CHECK_FALSE(cells[2].has_value());
    CHECK(*history.slope(kZero + 20s) == Approx(-1).margin(0.001));
    CHECK(*history.minute_minimum(kZero + 20s) == Approx(0.2));
    CHECK(history.cells(kZero + 3600s).size() == 60);
}
