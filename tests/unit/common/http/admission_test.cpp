#include "common/http/admission.hpp"

#include <map>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::http;
using namespace std::chrono_literals;

TEST_CASE("a second's worth is welcome at once, and then as many a second") {
    Admission admission(100);
    SteadyTime now{100s};
    int welcome = 0;
    for (int i = 0; i < 500; ++i) welcome += admission.ask(now) == 0;
    CHECK(welcome == 100);
    for (int step = 0; step < 50; ++step) {
        now += 100ms;
        for (int i = 0; i < 50; ++i) welcome += admission.ask(now) == 0;
    }
    CHECK(welcome == Approx(600).margin(5));
}

TEST_CASE("those sent away come back spread over a window that holds them all") {
    Admission admission(100);
    const SteadyTime begin{100s};
    std::map<int, int> back;  // by second
    for (int i = 0; i < 1000; ++i) ++back[admission.ask(begin)];
    CHECK(back[0] == 100);
    CHECK(back.rbegin()->first >= 9);
    for (const auto& [second, count] : back)
        if (second > 0) CHECK(count < 250);
    // They do as they were told: everybody is in before long.
    std::map<int, int> due(std::next(back.begin()), back.end());
    int left = 900;
    while (left > 0 && due.begin()->first < 40) {
        const auto [second, count] = *due.begin();
        due.erase(due.begin());
        for (int i = 0; i < count; ++i) {
            const auto wait = admission.ask(begin + std::chrono::seconds(second) + i * 1ms);
            wait == 0 ? --left : ++due[second + wait];
        }
    }
    CHECK(left == 0);
    CHECK(admission.ask(begin + 1h) == 0);
}

TEST_CASE("without a limit, and with a clock that stands, nothing breaks") {
    Admission open(0);
    for (int i = 0; i < 10'000; ++i) REQUIRE(open.ask(SteadyTime{}) == 0);
    Admission one(1);
    CHECK(one.ask(SteadyTime{5s}) == 0);
    CHECK(one.ask(SteadyTime{5s}) > 0);
    CHECK(one.ask(SteadyTime{4s}) > 0);
    CHECK(one.ask(SteadyTime{7s}) == 0);
}
