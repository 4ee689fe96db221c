#include "common/time/ticks.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace std::chrono_literals;

TEST_CASE("ticks that share a period fall together, whenever they were asked for") {
    const SteadyTime second{100s};
    CHECK(next_tick(second, 250ms) == second + 250ms);
    CHECK(next_tick(second + 1ns, 250ms) == second + 250ms);
    CHECK(next_tick(second + 249ms, 250ms) == second + 250ms);
    CHECK(next_tick(second + 800ms, 250ms) == next_tick(second + 3ms, 1000ms));
    CHECK(next_tick(second + 800ms, 500ms) == next_tick(second + 999ms, 1000ms));
}

TEST_CASE("what happens once a second does so also when the ticks come a little late or a little less so") {
    Every second{1000ms};
    int times = 0;
    for (int tick = 0; tick < 40; ++tick) {
        const auto late = tick % 4 == 0 ? 900us : 20us;
        times += second.due(SteadyTime{100s} + tick * 250ms + (tick % 8 == 0 ? 0us : late));
    }
    CHECK(times == 10);
}
