#include "common/auth/jws.hpp"
#include "common/auth/refusal_log.hpp"
#include "tests/unit/relay/api/site.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace tongke::relay::test_site;
namespace json = boost::json;

namespace {

std::int64_t version_of(const Site& s, const http::Response& response) {
    REQUIRE(response.status == 200);
    const auto payload = auth::verify_jws(response.text, s.key.public_key());
    REQUIRE(payload.has_value());
    return json::parse(*payload).at("version").as_int64();
}

constexpr auto kFreeze =
    R"({"seq":1,"room":"510113-02","type":"freeze","begin":"2025-04-16T02:00:00.000Z","hop":"pc"})";

}  // namespace

TEST_CASE("a one-time code and a request signed by its own key make a node") {
    Site s;
    NodeClient node{s};
    CHECK(node.id == "n-510113-1");
    const auto again = node.enrol(node.invite("510113"));
    CHECK(json::parse(again.text).at("node") == "n-510113-1");
    CHECK(json::parse(again.text).at("county").at("code") == "510113");
    CHECK(std::string{json::parse(again.text).at("relay_public_key").as_string()} ==
          s.key.public_key().pem());
    CHECK(NodeClient{s}.id == "n-510113-2");
}

TEST_CASE("wrong, used and old codes are refused each in its own words, and guessing is locked") {
    Site s;
    NodeClient node{s};
    const auto code = node.invite("510113");
    s.clock.advance(std::chrono::hours{73});
    CHECK(code_of(node.enrol(code)) == "expired_code");
    NodeClient other{s};
    CHECK(code_of(s.call("POST", "/api/v1/node/enroll", R"({"code":"x","csr":"not a csr"})")) == "bad_csr");
    CHECK(code_of(s.call("POST", "/api/v1/node/enroll", R"({"code":7})")) == "bad_request");
    for (int i = 0; i < 5; ++i) CHECK(code_of(node.enrol("AAAA-BBBB-CCCC")) == "unknown_code");
    CHECK(code_of(node.enrol(code)) == "locked");
    s.clock.advance(std::chrono::minutes{11});
    CHECK(node.enrol(node.invite("510113")).status == 200);
}

TEST_CASE("a node's call must carry a fresh token by its own key over exactly this request") {
    Site s;
    NodeClient node{s};
    const auto good = node.signed_request("GET", "/api/v1/node/bundle");
    CHECK(s.ask(good)->status == 200);
    CHECK(code_of(*s.ask(good)) == "replayed");
    auto bare = s.request("GET", "/api/v1/node/bundle");
    CHECK(s.ask(bare)->status == 401);
    auto elsewhere = node.signed_request("GET", "/api/v1/node/bundle");
    elsewhere.path = elsewhere.target = "/api/v1/node/telemetry";
    elsewhere.method = "POST";
    elsewhere.headers.emplace_back("content-type", "application/json");
    CHECK(code_of(*s.ask(elsewhere)) == "wrong_request");
    auto changed =
        node.signed_request("POST", "/api/v1/node/telemetry", R"({"node":"n-510113-1","boot":"ab"})");
    changed.body += " ";
    CHECK(code_of(*s.ask(changed)) == "wrong_request");
    NodeClient stranger{s};
    stranger.id = node.id;
    CHECK(code_of(*stranger.bundle(0)) == "bad_signature");
}

TEST_CASE("a node with a wrong clock is told the relay's time") {
    Site s;
    NodeClient node{s};
    const auto token = auth::make_node_request(node.key, node.id, {"GET", "/api/v1/node/bundle", ""},
                                               s.clock.wall() - std::chrono::hours{24 * 3650});
    auto request = s.request("GET", "/api/v1/node/bundle");
    request.headers.emplace_back("authorization", "Bearer " + token);
    const auto answer = s.ask(request);
    CHECK(answer->status == 401);
    CHECK(json::parse(answer->text).at("now") == "2025-04-16T02:00:00.000Z");
}

TEST_CASE("a bundle is given at once when it is newer, else the call waits for a change") {
    Site s;
    NodeClient node{s};
    const auto first = version_of(s, *node.bundle(0));
    CHECK(first == 1);
    CHECK_FALSE(node.bundle(first).has_value());
    const auto waiting = s.last;
    s.plane->tick();
    CHECK_FALSE(waiting->has_value());
    REQUIRE(set_account(s.command(), {"t1", "teacher", "张老师", "", "510113-01"}, "teacher-pass-1") == 0);
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    REQUIRE(waiting->has_value());
    CHECK(version_of(s, **waiting) == 2);
}

TEST_CASE("a change in another county wakes nobody") {
    Site s;
    NodeClient node{s};
    node.bundle(1);
    node.bundle(0);
    CHECK_FALSE(node.bundle(1).has_value());
    const auto waiting = s.last;
    REQUIRE(set_account(s.command(), {"t14", "teacher", "陈老师", "", "510114-01"}, "teacher-pass-1") == 0);
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    CHECK_FALSE(waiting->has_value());
    s.clock.advance(std::chrono::seconds{29});
    s.plane->tick();
    REQUIRE(waiting->has_value());
    CHECK((*waiting)->status == 304);
}

TEST_CASE("a second wait of the same node ends the first, and a stop ends them all") {
    Site s;
    NodeClient node{s};
    version_of(s, *node.bundle(0));
    node.bundle(1);
    const auto first = s.last;
    node.bundle(1);
    const auto second = s.last;
    CHECK((*first)->status == 304);
    CHECK_FALSE(second->has_value());
    s.plane->stop();
    CHECK((*second)->status == 304);
}

TEST_CASE("a version that is no number is refused") {
    Site s;
    NodeClient node{s};
    for (const auto* after : {"x", "-1", "1e3", "99999999999999999999"}) {
        const auto answer =
            s.ask(node.signed_request("GET", std::string{"/api/v1/node/bundle?after="} + after));
        CHECK(code_of(*answer) == "bad_request");
    }
}

TEST_CASE("the version goes on rising over a restart") {
    Site s;
    NodeClient node{s};
    version_of(s, *node.bundle(0));
    REQUIRE(set_account(s.command(), {"t1", "teacher", "张老师", "", "510113-01"}, "teacher-pass-1") == 0);
    s.restart();
    CHECK(version_of(s, *node.bundle(0)) == 2);
    s.restart();
    CHECK(version_of(s, *node.bundle(0)) == 2);
}

TEST_CASE("telemetry is acknowledged with its boot and number, and the window is told") {
    Site s;
    NodeClient node{s};
    CHECK(node.report("", kFreeze).text == R"({"acknowledged":{"boot":"ab12","seq":1},"window_s":5E0})");
    CHECK(node.report("").status == 200);
}

TEST_CASE("telemetry in another node's name, or that is none, is refused") {
    Site s;
    NodeClient node{s};
    const auto send = [&](const std::string& body) {
        return code_of(*s.ask(node.signed_request("POST", "/api/v1/node/telemetry", body)));
    };
    CHECK(send(R"({"node":"n-510114-1","boot":"ab12"})") == "bad_telemetry");
    CHECK(send("{") == "bad_telemetry");
    CHECK(send("{\"x\":\"" + std::string(1'100'000, 'x') + "\"}") == "too_large");
}

TEST_CASE("events of another county's rooms are left out, counted, and do not hold up the rest") {
    Site s;
    NodeClient node{s};
    const auto foreign =
        R"({"seq":2,"room":"510114-01","type":"freeze","begin":"2025-04-16T02:00:00.000Z","hop":"pc"})";
    const auto answer = node.report("", std::string{kFreeze} + "," + foreign);
    CHECK(json::parse(answer.text).at("acknowledged").at("seq") == 2);
    s.sign_in_as("op");
    CHECK(json::parse(s.get("/api/v1/rooms/510114-01/events").text).at("events").as_array().empty());
    CHECK(json::parse(s.get("/api/v1/rooms/510113-02/events").text).at("events").as_array().size() == 1);
    CHECK(s.metrics.text().find(R"(tongke_refused_total{reason="bad_record"} 1)") != std::string::npos);
}

TEST_CASE(
    "a flood of unsigned calls is refused each time, to be counted, and audited ten times, then as a "
    "number") {
    Site s;
    const auto records = [&] { return auth::AuditFile::verify(audit_path(s.dir.path())).records; };
    for (int i = 0; i < 50; ++i)
        CHECK(s.call("POST", "/api/v1/node/telemetry", "{}").counted_as == "malformed");
    CHECK(records() == auth::RefusalLog::kBurst);
    s.clock.advance(std::chrono::seconds{10});
    s.plane->tick();
    s.plane->tick();
    CHECK(records() == auth::RefusalLog::kBurst + 1);
    CHECK(audit_text(s).find("40 more of these within 10 s") != std::string::npos);
}
