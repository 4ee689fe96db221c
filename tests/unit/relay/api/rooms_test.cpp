#include "common/http/event_channel.hpp"
#include "tests/unit/relay/api/site.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace tongke::relay::test_site;
namespace json = boost::json;

namespace {

constexpr auto kPlaying =
    R"({"id":"510113-02","state":"playing","since":"2025-04-16T02:00:00.000Z","buffer_s":7.5,"target_s":8,"latency_s":9,
        "started_at":"2025-04-16T01:30:00.000Z","stalls":0,"stalled_s":0,"play_s":10,"open_stall":null})";
constexpr auto kStalled =
    R"({"id":"510113-02","state":"stalled","since":"2025-04-16T02:00:00.000Z","buffer_s":0,"target_s":8,"latency_s":9,
        "started_at":"2025-04-16T01:30:00.000Z","stalls":1,"stalled_s":1,"play_s":10,
        "open_stall":{"begin":"2025-04-16T02:00:00.000Z","end":null,"seconds":3.2,"class":"long","hop":"relay_node","share":0.8}})";

std::string stall_end(int seq, const std::string& begin = "2025-04-16T02:00:00.000Z",
                      const std::string& end = "2025-04-16T02:00:04.000Z") {
    return R"({"boot":"ab12","seq":)" + std::to_string(seq) +
           R"(,"room":"510113-02","type":"stall_end","begin":")" + begin + R"(","end":")" + end + R"(",
           "seconds":4,"class":"long","hop":"relay_node","share":0.8,"qoe_version":"1"})";
}

std::vector<std::string> ids(const http::Response& response) {
    std::vector<std::string> out;
    const auto list = json::parse(response.text);
    for (const auto& room : list.at("rooms").as_array()) out.emplace_back(room.at("id").as_string());
    return out;
}

}  // namespace

TEST_CASE(
    "each role sees the rooms of its part of the country, and the administrators of security and audit "
    "none") {
    Site s;
    const std::vector<std::tuple<std::string, int, std::size_t>> table{
        {"it", 200, 2}, {"it14", 200, 1}, {"city", 200, 3}, {"prov", 200, 0},
        {"op", 200, 3}, {"sys", 200, 3},  {"sec", 403, 0},  {"aud", 403, 0}};
    for (const auto& [account, status, rooms] : table) {
        INFO(account);
        s.sign_in_as(account);
        const auto answer = s.get("/api/v1/rooms");
        CHECK(answer.status == status);
        if (status == 200) CHECK(ids(answer).size() == rooms);
        CHECK(s.status("/api/v1/events") == status);
    }
}

TEST_CASE("county IT of one county gets nothing of the other, event list and tests included") {
    Site s;
    s.sign_in_as("it14");
    for (const auto* path : {"/api/v1/rooms/510113-02", "/api/v1/rooms/510113-02/events",
                             "/api/v1/rooms/510113-02/tests", "/api/v1/rooms/510113-02/tests/t1"}) {
        CHECK(s.status(path) == 403);
        CHECK(code_of(s.get(path)) == "forbidden");
    }
    CHECK(s.status("/api/v1/rooms/510114-01") == 200);
    CHECK(code_of(s.get("/api/v1/rooms/510114-99")) == "no_such_room");
    CHECK(s.status("/api/v1/rooms/%2e%2e") == 403);
}

TEST_CASE("a room is shown as its node last said, and 失联 once the node is silent") {
    Site s;
    NodeClient node{s};
    s.sign_in_as("it");
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02").text).at("state") == "never_enrolled");
    CHECK(node.report(kPlaying).status == 200);
    const auto room = json::parse(s.get("/api/v1/rooms/510113-02").text).as_object();
    CHECK(room.at("state") == "playing");
    CHECK(room.at("state_word") == "播放正常");
    CHECK(std::string{room.at("site").as_string()} == node.id);
    CHECK(room.at("buffer_s") == 7.5);
    CHECK(room.at("minutes_since_start") == 30);
    CHECK(room.at("buffer_history").as_array().size() == 1);
    CHECK(room.at("last_test").is_null());
    s.clock.advance(std::chrono::seconds{16});
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02").text).at("state") == "offline");
}

TEST_CASE("a room in the list has every member that the pages read") {
    Site s;
    s.sign_in_as("it");
    const auto list = json::parse(s.get("/api/v1/rooms").text).as_object();
    for (const auto* name : {"now", "sentence", "rooms"}) CHECK(list.contains(name));
    for (const auto* name : {"id", "name", "county", "site", "state", "state_word", "since", "buffer_s",
                             "target_s", "buffer_history", "minutes_since_start", "stalls", "open_stall",
                             "last_stall", "last_test", "advice", "contact"}) {
        INFO(name);
        CHECK(list.at("rooms").at(0).as_object().contains(name));
    }
}

TEST_CASE("a stall goes from the node's events into list, sums and metrics, once") {
    Site s;
    NodeClient node{s};
    s.sign_in_as("it");
    node.report(kStalled);
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02").text).at("open_stall").at("hop") == "relay_node");
    CHECK(ids(s.get("/api/v1/rooms")).front() == "510113-02");
    for (int i = 0; i < 2; ++i)
        CHECK(node.report(kPlaying, stall_end(1)).text.find(R"("seq":1)") != std::string::npos);
    const auto events = json::parse(s.get("/api/v1/rooms/510113-02/events").text).as_object();
    REQUIRE(events.at("events").as_array().size() == 1);
    CHECK(events.at("next") == "ab12:1");
    CHECK(events.at("events").at(0).at("seconds") == 4.0);
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02/events?after=ab12:1").text)
              .at("events")
              .as_array()
              .empty());
    CHECK(code_of(s.get("/api/v1/rooms/510113-02/events?after=zz:9")) == "bad_cursor");
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02").text).at("stalls").at("count") == 1);
    s.clock.advance(std::chrono::seconds{11});
    s.plane->tick();
    s.plane->tick();
    CHECK(
        s.metrics.text().find(
            R"(tongke_room_stalls_total{class="long",hop="relay_node",room="510113-02",site="n-510113-1"} 1)") !=
        std::string::npos);
}

TEST_CASE("events and the day's sums survive a restart of the relay") {
    Site s;
    NodeClient node{s};
    node.report(kPlaying, stall_end(1));
    s.restart();
    s.sign_in_as("it");
    const auto room = json::parse(s.get("/api/v1/rooms/510113-02").text).as_object();
    CHECK(room.at("state") == "offline");
    CHECK(room.at("stalls").at("count") == 1);
    CHECK(room.at("last_stall").at("seconds") == 4.0);
    node.report(kPlaying, stall_end(1));
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02").text).at("stalls").at("count") == 1);
}

TEST_CASE("when the relay's own source was silent, the stall's hop is the encoder") {
    Site s;
    NodeClient node{s};
    StreamInfo main;
    main.name = "main";
    main.last_source_frame = 1000;
    s.streams = {main};
    s.clock.set_wall(from_unix_ms(1'744'768'792'000));  // 8 s before the stall begins
    s.plane->tick();
    // The slate goes on counting; that is no source.
    for (int i = 0; i < 14; ++i) {
        s.clock.advance(std::chrono::seconds{1});
        s.streams[0].last_frame += 50;
        s.plane->tick();
    }
    s.streams[0].last_source_frame = 1001;
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    node.report(kPlaying, stall_end(1));
    s.clock.advance(std::chrono::seconds{11});
    s.plane->tick();
    s.sign_in_as("op");
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02/events").text).at("events").at(0).at("hop") ==
          "encoder");
    CHECK(s.metrics.text().find(R"(hop="encoder")") != std::string::npos);
}

TEST_CASE("a node whose clock is years ahead does not keep old stalls in the common cause") {
    Site s;
    NodeClient ahead{s}, second{s}, third{s};
    s.clock.advance(std::chrono::seconds{10});
    ahead.report(kPlaying, stall_end(1, "2025-04-16T01:00:00.000Z", "2099-01-01T00:00:00.000Z"));
    second.report(kPlaying, stall_end(1));
    third.report(kPlaying, stall_end(1));
    s.clock.advance(std::chrono::minutes{11});
    s.plane->tick();
    ahead.report(kPlaying, stall_end(2));
    s.clock.advance(std::chrono::seconds{11});
    s.plane->tick();
    CHECK(s.metrics.text().find(R"(hop="relay_node",room="510113-02",site="n-510113-1"} 2)") !=
          std::string::npos);
    CHECK(s.metrics.text().find(R"(hop="encoder")") == std::string::npos);
}

TEST_CASE("a live test is listed and its record given as the node wrote it") {
    Site s;
    NodeClient node{s};
    s.sign_in_as("it");
    const std::string test =
        R"({"id":"t1","room":"510113-02","begin":"2025-04-16T02:00:00.000Z","end":"2025-04-16T02:08:00.000Z","verdict":"passed","x":[1]})";
    node.report(kPlaying, "", test);
    CHECK(s.get("/api/v1/rooms/510113-02/tests/t1").text == test);
    CHECK(s.get("/api/v1/rooms/510113-02/tests").text == "{\"tests\":[" + test + "]}");
    CHECK(code_of(s.get("/api/v1/rooms/510113-02/tests/t2")) == "no_such_test");
    CHECK(s.get("/api/v1/rooms/510113-01/tests").text == "{\"tests\":[]}");
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02").text).at("last_test").at("verdict") == "passed");
}

TEST_CASE("a console hears a change within the period, and its stream ends with the session") {
    Site s;
    NodeClient node{s};
    s.sign_in_as("it");
    const auto stream = s.get("/api/v1/events").stream;
    REQUIRE(stream);
    auto* channel = dynamic_cast<http::EventChannel*>(stream.get());
    REQUIRE(channel != nullptr);
    CHECK(channel->take().find("event: rooms") != std::string::npos);
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    channel->take();
    node.report(kPlaying);
    s.clock.advance(std::chrono::milliseconds{500});
    s.plane->tick();
    const auto heard = channel->take();
    CHECK(heard.find(R"("state":"playing")") != std::string::npos);
    CHECK(heard.find("510113-01") == std::string::npos);
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    CHECK(channel->take().empty());
    s.clock.advance(std::chrono::seconds{16});
    s.plane->tick();
    CHECK(channel->take().find(R"("state":"offline")") != std::string::npos);
    s.call("DELETE", "/api/v1/session");
    CHECK_FALSE(stream->open());
}

TEST_CASE("while the slate is on a county is told that no school need be rung, and when it is over") {
    Site s;
    StreamInfo main;
    main.name = "main";
    s.streams = {main};
    s.sign_in_as("it");
    const auto sentence = [&s] {
        return std::string(json::parse(s.get("/api/v1/rooms").text).at("sentence").as_string());
    };
    const auto step = [&s] {
        s.clock.advance(std::chrono::seconds{2});
        s.plane->tick();
    };
    step();
    CHECK(sentence().find("主课堂") == std::string::npos);
    const auto stream = s.get("/api/v1/events").stream;
    auto* channel = dynamic_cast<http::EventChannel*>(stream.get());
    REQUIRE(channel != nullptr);
    channel->take();
    Advisory slate;
    slate.code = "slate";
    slate.since = from_unix_ms(1'744'768'800'000);  // 10:00 in Shanghai
    s.streams[0].advisories = {slate};
    step();
    CHECK(sentence().rfind("主课堂的信号从 10:00 起中断", 0) == 0);
    CHECK(channel->take().find("主课堂的信号从 10:00 起中断") != std::string::npos);
    step();
    CHECK(channel->take().empty());
    s.streams[0].advisories.clear();
    step();
    CHECK(sentence().find("主课堂") == std::string::npos);
    CHECK(channel->take().find("\"rooms\":[]") != std::string::npos);
}

TEST_CASE("rooms by state and connected nodes are gauges") {
    Site s;
    NodeClient node{s};
    node.report(kPlaying);
    s.plane->tick();
    const auto text = s.get("/metrics").text;
    CHECK(text.find("tongke_nodes_connected 1") != std::string::npos);
    CHECK(text.find(R"(tongke_rooms{state="playing"} 1)") != std::string::npos);
    CHECK(text.find(R"(tongke_rooms{state="never_enrolled"} 2)") != std::string::npos);
    CHECK(text.find(R"(tongke_rooms{state="stalled"} 0)") != std::string::npos);
}

TEST_CASE("streams are for the operator and the system administrator, the switch for the operator only") {
    Site s;
    StreamInfo main;
    main.name = "main";
    main.live = true;
    main.video_codec = "avc1.64001f";
    s.streams = {main};
    for (const auto* account : {"op", "sys"}) {
        s.sign_in_as(account);
        CHECK(json::parse(s.get("/api/v1/streams").text).at("streams").at(0).at("name") == "main");
        CHECK(json::parse(s.get("/api/v1/streams/main").text).at("codecs").at("video") == "avc1.64001f");
        CHECK(code_of(s.get("/api/v1/streams/other")) == "no_such_stream");
    }
    CHECK(s.call("POST", "/api/v1/streams/main/source", R"({"use":"backup"})").status == 403);
    s.sign_in_as("it");
    CHECK(s.status("/api/v1/streams") == 403);
    s.sign_in_as("op");
    CHECK(code_of(s.call("POST", "/api/v1/streams/main/source", R"({"use":"backup"})")) == "no_backup");
    CHECK(code_of(s.call("POST", "/api/v1/streams/main/source", R"({"use":"third"})")) == "bad_request");
}
