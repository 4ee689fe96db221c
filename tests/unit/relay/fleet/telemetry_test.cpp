#include "relay/fleet/telemetry.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

std::string body(std::string_view rooms, std::string_view events = "", std::string_view tests = "") {
    return std::string{
        R"({"node":"n-510113-1","boot":"ab12","seq_from":1,"sent_at":"2025-04-16T02:00:00.000Z","rooms":[)"}
        .append(rooms)
        .append(R"(],"upstream":{"connected":true},"events":[)")
        .append(events)
        .append(R"(],"tests":[)")
        .append(tests)
        .append("]}");
}
constexpr std::string_view kStall =
    R"({"node":"n-510113-1","boot":"ab12","seq":7,"room":"510113-02","type":"stall_end","begin":"2025-04-16T02:00:00.000Z",
        "end":"2025-04-16T02:00:04.000Z","seconds":4.0,"class":"long","hop":"relay_node","share":0.9,"qoe_version":"1"})";

}  // namespace

TEST_CASE("a node's report is read with what cannot be measured kept apart from zero") {
    const auto t = parse_telemetry(body(
        R"({"id":"510113-02","state":"playing","since":"2025-04-16T02:00:00.000Z","buffer_s":null,"target_s":8,
            "latency_s":9.5,"started_at":null,"stalls":2,"stalled_s":3.5,"play_s":60,"open_stall":null})",
        kStall,
        R"({"id":"t1","seq":9,"room":"510113-02","begin":"2025-04-16T02:00:00.000Z","end":null,"verdict":null})"));
    REQUIRE(t.has_value());
    REQUIRE(t->rooms.size() == 1);
    CHECK(t->rooms[0].state == RoomState::playing);
    CHECK_FALSE(t->rooms[0].buffer_s.has_value());
    CHECK(t->rooms[0].latency_s == 9.5);
    CHECK(t->rooms[0].stalls == 2);
    REQUIRE(t->events.size() == 1);
    CHECK(t->events[0].seconds == 4.0);
    CHECK(t->events[0].hop == "relay_node");
    REQUIRE(t->tests.size() == 1);
    CHECK(t->tests[0].verdict.empty());
    CHECK(t->last_seq == 9);
    CHECK(t->upstream_connected);
    CHECK(t->left_out == 0);
}

TEST_CASE("a wrong record is left out and counted, and its number is acknowledged") {
    const auto t = parse_telemetry(
        body(R"({"id":"../x","state":"playing"},{"id":"510113-02","state":"dancing"},3)",
             R"({"seq":11,"room":"510113-02","type":"explosion","begin":"2025-04-16T02:00:00.000Z"},
                                           {"seq":12,"room":"510113-02","type":"stall_end","begin":"not a time"},
                                           {"seq":-1,"type":"freeze","begin":"2025-04-16T02:00:00.000Z"})"));
    REQUIRE(t.has_value());
    CHECK(t->rooms.empty());
    CHECK(t->events.empty());
    CHECK(t->left_out == 6);
    CHECK(t->last_seq == 12);
}

TEST_CASE("a wrong envelope is refused as a whole") {
    CHECK(parse_telemetry("{").error() == TelemetryError::not_json);
    CHECK(parse_telemetry("[]").error() == TelemetryError::bad_envelope);
    CHECK(parse_telemetry(R"({"node":"n","boot":"../../etc"})").error() == TelemetryError::bad_envelope);
    CHECK(parse_telemetry(R"({"node":7,"boot":"ab"})").error() == TelemetryError::bad_envelope);
    std::string many = "1";
    for (int i = 0; i < 3000; ++i) many += ",1";
    CHECK(parse_telemetry(body("", many)).error() == TelemetryError::too_many);
    CHECK(parse_telemetry(std::string(200'000, '[')).error() == TelemetryError::not_json);
}
