#include <sched.h>

#include <atomic>

#include "common/async/task_group.hpp"
#include "common/async/with_deadline.hpp"
#include "common/async/workers.hpp"
#include "tests/support/catch.hpp"

using namespace tongke::async;
using namespace std::chrono_literals;

namespace {

Task<> wait_forever(int& ended) {
    Timer timer(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
    co_await timer.async_wait(as_result);
    ++ended;
}

Task<> count(int& ended) {
    ++ended;
    co_return;
}

Task<int> answer() { co_return 42; }

Task<int> never() {
    Timer timer(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
    co_await timer.async_wait(as_result);
    co_return 0;
}

}  // namespace

TEST_CASE("a group cancels what it owns and is empty then") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    int ended = 0;
    bool empty = false;
    for (int i = 0; i < 3; ++i) group.spawn(wait_forever(ended));
    group.spawn(count(ended));
    io.poll();
    CHECK(ended == 1);
    CHECK(group.size() == 3);
    group.on_empty([&] { empty = true; });
    group.cancel();
    io.restart();
    io.run();
    CHECK(ended == 4);
    CHECK(group.size() == 0);
    CHECK(empty);
}

TEST_CASE("an operation under a deadline gives its result, or nothing") {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    std::optional<int> in_time, too_late{7};
    const auto both = [](std::optional<int>& a, std::optional<int>& b) -> Task<> {
        a = co_await with_deadline(1h, answer());
        b = co_await with_deadline(0ms, never());
    };
    group.spawn(both(in_time, too_late));
    io.run();
    CHECK(in_time == 42);
    CHECK_FALSE(too_late);
}

TEST_CASE("work posted to a worker runs there, in order, and all of it before the stop returns") {
    std::vector<int> order;
    std::atomic<bool> elsewhere{false};
    {
        Workers workers(2);
        workers.start();
        for (int i = 0; i < 100; ++i)
            workers.post(1, [&, i] {
                if (workers.current() != 1) elsewhere = true;
                order.push_back(i);
            });
        CHECK(workers.current() == Workers::kNone);
        int seen = 0;
        workers.run_on(0, [&] { seen = 1; });
        CHECK(seen == 1);
        workers.stop();
    }
    CHECK_FALSE(elsewhere);
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("there are as many cores as the process may run on") {
    cpu_set_t all, one;
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    CHECK(permitted_cores() == static_cast<std::size_t>(CPU_COUNT(&all)));
    CPU_ZERO(&one);
    for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core)
        if (CPU_ISSET(core, &all)) CPU_SET(core, &one);
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(permitted_cores() == 1);
    REQUIRE(sched_setaffinity(0, sizeof all, &all) == 0);
}
