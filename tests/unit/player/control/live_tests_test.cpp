#include "player/control/live_tests.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/player/control/node_parts.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {

/// A node whose file of running tests is `file`; killed() is kill -9 and a new start.
struct Tester : NodeParts {
    std::string file = "[]";
    std::unique_ptr<LiveTests> tests;
    std::string told;

    Tester() {
        clock.set_wall(at("17:00"));
        boot();
    }
    void boot() {
        TestPorts ports;
        ports.attending = [](const std::string&, auth::Role) { return std::nullopt; };
        ports.keep = [this](std::string text, std::function<void()> kept) {
            queue.push_back([this, text = std::move(text), kept = std::move(kept)] {
                file = text;
                if (kept) kept();
            });
        };
        tests = std::make_unique<LiveTests>(*channel, *events, metrics, clock, std::move(ports));
        tests->recover(file);
    }
    void killed() {
        tests.reset();
        restart();
        boot();
    }
    bool start() {
        LiveTests::Start start;
        start.room = "r1";
        start.started_by = "王";
        start.session = "session-j1";
        return tests->start(start, [this](const std::string& id) { told = id; });
    }
};

}  // namespace

TEST_CASE("a test that ran when the node was killed is there afterwards, once, as incomplete") {
    Tester node;
    REQUIRE(node.start());
    CHECK(node.told.empty());  // not before a restart would know it
    node.run();
    REQUIRE_FALSE(node.told.empty());
    node.clock.advance(std::chrono::minutes{2});
    node.killed();
    node.run();
    const auto record = node.tests->find("r1", node.told);
    REQUIRE(record);
    CHECK(livetest::parse_stored(*record)->verdict == "incomplete");
    CHECK(record->find("node_stopped") != record->npos);
    CHECK(record->find(R"("started_by":"王")") != record->npos);
    CHECK(livetest::parse_stored(*record)->end == to_iso8601(at("17:02")));
    CHECK(node.file == "[]");
    CHECK_FALSE(node.tests->running("r1"));
    for (int i = 0; i < 2; ++i) node.killed(), node.run();
    CHECK(node.tests->list("r1").size() == 1);
}

TEST_CASE("a kill between a test's record and the end of its file gives no second record") {
    Tester node;
    node.start();
    node.run();
    const auto while_running = node.file;
    node.clock.advance(std::chrono::minutes{20});
    node.tests->tick();
    node.run();
    CHECK(node.file == "[]");
    node.file = while_running;
    node.killed();
    node.run();
    CHECK(node.tests->list("r1").size() == 1);
    CHECK(node.tests->find("r1", node.told)->find("node_stopped") == std::string::npos);
    CHECK(node.file == "[]");
}

TEST_CASE("a test has the session that started it, and none is left when it ends") {
    Tester node;
    CHECK(node.tests->session("r1") == nullptr);
    node.start();
    REQUIRE(node.tests->session("r1"));
    CHECK(*node.tests->session("r1") == "session-j1");
    CHECK_FALSE(node.start());
    CHECK(node.tests->session("r2") == nullptr);
    node.clock.advance(std::chrono::minutes{20});
    node.tests->tick();
    CHECK(node.tests->session("r1") == nullptr);
}

TEST_CASE("a damaged file of running tests is no test and no crash") {
    Tester node;
    for (const auto* text : {"", "{", "{}", "[1]", R"([{"id":"a","room":"r1"}])",
                             R"([{"id":"a","room":"r1","begin":"x","minutes":8}])"})
        node.tests->recover(text);
    node.run();
    CHECK(node.tests->list("r1").empty());
}
