#include "common/log/sparse.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace std::chrono_literals;

TEST_CASE("of a kind one line is written at once, then one each ten seconds with what was left out") {
    log::Sparse lines;
    const SteadyTime begin{100s};
    CHECK(lines.admit("a", begin) == 0u);
    for (int i = 0; i < 7; ++i) CHECK_FALSE(lines.admit("a", begin + 1s));
    CHECK(lines.admit("b", begin + 1s) == 0u);
    CHECK_FALSE(lines.admit("a", begin + 9999ms));
    CHECK(lines.admit("a", begin + 10s) == 8u);
    CHECK_FALSE(lines.admit("a", begin + 19s));
    CHECK(lines.admit("a", begin + 100s) == 1u);
}

TEST_CASE("kinds that somebody makes up do not grow without end") {
    log::Sparse lines;
    int written = 0;
    for (int i = 0; i < 10'000; ++i)
        written += lines.admit("kind " + std::to_string(i), SteadyTime{}).has_value();
    CHECK(written == 256);
}

TEST_CASE("a log file that cannot be opened leaves the old one") {
    CHECK_NOTHROW(log::reconfigure(log::Level::info, "/proc/none/log"));
    CHECK_THROWS(log::configure(log::Level::info, "/proc/none/log"));
}
