#include "relay/test_channel/pace.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kMorning = 1'744'768'800'000;

struct Times {
    SteadyTime steady{1h};
    WallTime wall = from_unix_ms(kMorning + 13);
    Pace pace{steady, wall, 25};

    void pass(Milliseconds by) { steady += by, wall += by; }
    Pace::Due next() { return pace.next(steady, wall); }
};

}  // namespace

TEST_CASE("pictures lie on the grid of UTC, 40 ms apart, and their numbers count on") {
    Times t;
    const auto first = t.next();
    CHECK(first.index == 0);
    CHECK(first.code.utc_ms == kMorning + 40);
    CHECK(first.at == t.steady + 27ms);
    CHECK(first.code.picture == static_cast<std::uint32_t>((kMorning + 40) / 40));
    for (int i = 1; i < 1000; ++i) {
        t.pass(40ms);
        const auto due = t.next();
        CHECK(due.index == i);
        CHECK(due.at == first.at + i * 40ms);
        CHECK(due.code.utc_ms == first.code.utc_ms + i * 40);
        CHECK(due.code.picture == first.code.picture + static_cast<std::uint32_t>(i));
    }
    CHECK(t.pace.left_out() == 0);
}

TEST_CASE("a thread that wakes late catches up; one that was away leaves pictures out and says so") {
    Times t;
    const auto first = t.next();
    t.pass(900ms);
    CHECK(t.next().index == 1);
    CHECK(t.next().index == 2);
    t.pass(5s);
    const auto due = t.next();
    CHECK(due.index > 100);
    CHECK(due.at <= t.steady);
    CHECK(t.steady - due.at < 80ms);
    CHECK(t.pace.left_out() == static_cast<std::uint64_t>(due.index - 3));
    CHECK(due.code.picture == first.code.picture + static_cast<std::uint32_t>(due.index));
}

TEST_CASE("the time code follows a wall clock that is set, within a picture; the pictures stay even") {
    Times t;
    const auto first = t.next();
    t.wall += 3h;
    t.pass(40ms);
    auto due = t.next();
    CHECK(due.at == first.at + 40ms);
    CHECK(std::abs(due.code.utc_ms - (first.code.utc_ms + 40 + 3 * 3'600'000)) < 40);
    CHECK(due.code.utc_ms % 40 == 0);
    CHECK(due.code.picture == first.code.picture + 1);
    t.wall -= 5h;
    t.pass(40ms);
    due = t.next();
    CHECK(std::abs(due.code.utc_ms - (first.code.utc_ms + 80 - 2 * 3'600'000)) < 80);
    CHECK(due.index == 2);
}

TEST_CASE("the sound's time is the picture's") {
    Times t;
    const auto first = t.next();
    CHECK(t.pace.utc_us(0) == first.code.utc_ms * 1000);
    CHECK(t.pace.utc_us(40'000) == (first.code.utc_ms + 40) * 1000);
}
