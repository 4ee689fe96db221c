#include <fstream>

#include "common/auth/jws.hpp"
#include "common/auth/play_token.hpp"
#include "tests/unit/relay/api/site.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace tongke::relay::test_site;

namespace {

std::string write(const Site& s, const std::string& name, std::string_view text) {
    const auto path = s.dir.path() + "/" + name;
    std::ofstream{path, std::ios::binary} << text;
    return path;
}

constexpr std::string_view kRoster =
    "县代码,县名称,分课堂编号,分课堂名称,班主任姓名,班主任账号,初始密码\r\n"
    "510115,新县,510115-01,新县一小,周老师,t15,first-pass-1\r\n";

}  // namespace

TEST_CASE("an import beside a running serve acts within a second; a dry run changes nothing") {
    Site s;
    s.sign_in_as("op");
    const auto file = write(s, "r.csv", kRoster);
    REQUIRE(import_roster(s.command(), file, true) == 0);
    CHECK(s.out.str().find("新增 分课堂 510115-01 新县一小") != std::string::npos);
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    CHECK(code_of(s.get("/api/v1/rooms/510115-01")) == "no_such_room");
    REQUIRE(import_roster(s.command(), file, false) == 0);
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    CHECK(s.status("/api/v1/rooms/510115-01") == 200);
}

TEST_CASE("a wrong import says each row's fault and exits 1") {
    Site s;
    const auto file = write(s, "r.csv", std::string{kRoster} + "51,x,y,z,,,\r\n");
    CHECK(import_roster(s.command(), file, false) == 1);
    CHECK(s.err.str().find("第 3 行：县代码“51”应为 6 位数字") != std::string::npos);
    CHECK(import_roster(s.command(), s.dir.path() + "/absent.csv", false) == 1);
    CHECK(import_roster(s.command(), write(s, "x.csv", "\xff\xd8\xff\xe0"), false) == 1);
}

TEST_CASE("an account needs a role that exists, the place that goes with it and a good password") {
    Site s;
    const auto set = [&](AccountRequest request, const std::string& password = "good-pass-1") {
        return set_account(s.command(), request, password);
    };
    CHECK(set({"a1", "emperor", "某", "", ""}) == 64);
    CHECK(set({"a1", "county_it", "某", "51", ""}) == 64);
    CHECK(set({"a1", "county_it", "某", "999999", ""}) == 64);
    CHECK(set({"a1", "teacher", "某", "", "510113-77"}) == 64);
    CHECK(set({"a1", "operator", "某", "", "510113-01"}) == 64);
    CHECK(set({"a1", "operator", "", "", ""}) == 64);
    CHECK(set({"a1", "operator", "某", "", ""}, "short") == 1);
    CHECK(set({"a1", "operator", "某", "", ""}, "") == 1);
    CHECK(set({"a1", "operator", "某", "", ""}) == 0);
    s.out.str("");
    CHECK(set({"a1", "operator", "某", "", ""}) == 0);
    CHECK(s.out.str().find("没有变化") != std::string::npos);
    CHECK(set({"t3", "teacher", "某", "", "510113-02"}) == 1);
    CHECK(s.err.str().find("已有班主任") != std::string::npos);
}

TEST_CASE("a schedule is imported as a whole or not at all") {
    Site s;
    const auto good =
        write(s, "s.json",
              R"({"schedule":[{"id":"a","kind":"lesson","title":"课","begin":"2025-04-17T09:00:00+08:00",
                                "end":"2025-04-17T10:00:00+08:00","rooms":["510113-02"]}]})");
    CHECK(import_schedule(s.command(), good) == 0);
    CHECK(s.out.str().find("2025-04-17 09:00 — 2025-04-17 10:00  lesson  课") != std::string::npos);
    CHECK(import_schedule(s.command(), write(s, "b.json", R"({"schedule":[{"id":"a"}]})")) == 1);
    NodeClient node{s};
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    const auto payload = auth::verify_jws(node.bundle(0)->text, s.key.public_key());
    CHECK(payload->find("2025-04-17T01:00:00.000Z") != std::string::npos);
}

TEST_CASE("a code is for a county that exists, and alone on its line") {
    Site s;
    CHECK(invite_node(s.command(), "51") == 64);
    CHECK(invite_node(s.command(), "999999") == 1);
    REQUIRE(invite_node(s.command(), "510113") == 0);
    CHECK(s.out.str().size() == 15);
}

TEST_CASE("a play token by command is good for the stream until its time") {
    Site s;
    s.key.save(signing_key_path(s.dir.path()));
    REQUIRE(play_token(s.command(), "main", "test-node", std::chrono::hours{8}) == 0);
    auto token = s.out.str();
    token.pop_back();
    const auth::PlayTokenVerifier verifier{{s.key.public_key()}};
    CHECK(verifier.verify(token, "main", s.clock.wall(), auth::PlayMoment::join).has_value());
    CHECK_FALSE(verifier.verify(token, "test", s.clock.wall(), auth::PlayMoment::join).has_value());
    CHECK_FALSE(verifier.verify(token, "main", s.clock.wall() + std::chrono::hours{9}, auth::PlayMoment::stay)
                    .has_value());
    CHECK(play_token(s.command(), "", "n", std::chrono::hours{8}) == 64);
}

TEST_CASE("the audit trail is whole until somebody changes it") {
    Site s;
    REQUIRE(invite_node(s.command(), "510113") == 0);
    s.sign_in("it");
    s.out.str("");
    CHECK(verify_audit(s.command()) == 0);
    CHECK(s.out.str() == "链完整，共 2 条\n");
    std::fstream file{audit_path(s.dir.path()), std::ios::in | std::ios::out};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    text.replace(text.find("510113"), 6, "510199");
    std::ofstream{audit_path(s.dir.path()), std::ios::trunc} << text;
    CHECK(verify_audit(s.command()) == 1);
    CHECK(s.out.str().find("断开") != std::string::npos);
}
