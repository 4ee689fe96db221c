#include "relay/api/background_pool.hpp"

#include <future>
#include <memory>

#include "tests/support/catch.hpp"

using tongke::relay::BackgroundPool;

TEST_CASE("work runs on another thread") {
    BackgroundPool pool{1};
    std::promise<std::thread::id> ran;
    REQUIRE(pool.run([&] { ran.set_value(std::this_thread::get_id()); }));
    CHECK(ran.get_future().get() != std::this_thread::get_id());
}

TEST_CASE("what waits is bounded, and the rest is refused at once") {
    BackgroundPool pool{1, 2};
    std::promise<void> started, go;
    REQUIRE(pool.run([&] {
        started.set_value();
        go.get_future().wait();
    }));
    started.get_future().wait();
    std::promise<void> last;
    CHECK(pool.run([] {}));
    CHECK(pool.run([&] { last.set_value(); }));
    CHECK_FALSE(pool.run([] {}));
    go.set_value();
    last.get_future().wait();
}

TEST_CASE("the end drops what waits and then waits for what runs") {
    std::promise<void> started, go;
    bool finished = false, ran = false;
    {
        BackgroundPool pool{1};
        REQUIRE(pool.run([&] {
            started.set_value();
            go.get_future().wait();
            finished = true;
        }));
        started.get_future().wait();
        // Being dropped is what lets the first piece go on.
        std::shared_ptr<void> dropped{nullptr, [&](void*) { go.set_value(); }};
        REQUIRE(pool.run([held = std::move(dropped), &ran] { ran = true; }));
    }
    CHECK(finished);
    CHECK_FALSE(ran);
}
