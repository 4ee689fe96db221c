#include "common/auth/audit.hpp"
#include "common/auth/refusal_log.hpp"
#include "tests/unit/relay/api/site.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace tongke::relay::test_site;

TEST_CASE("who signs in gets a session and a cookie that scripts cannot read") {
    Site s;
    const auto answer = s.sign_in("it");
    CHECK(answer.status == 200);
    CHECK(answer.text == R"({"account":"it","name":"某某","role":"county_it","rooms":[],"county":"510113"})");
    const auto cookie = answer.header("Set-Cookie");
    CHECK(cookie.find("HttpOnly; SameSite=Strict") != std::string::npos);
    CHECK(cookie.find("Secure") == std::string::npos);
    CHECK(s.get("/api/v1/session").text == answer.text);
    auto tls = s.request("POST", "/api/v1/session", R"({"account":"it","password":"right-pass-1"})");
    tls.tls = true;
    CHECK(s.ask(tls)->header("Set-Cookie").find("; Secure") != std::string::npos);
}

TEST_CASE("nobody without a session sees anything") {
    Site s;
    for (const auto* path :
         {"/api/v1/session", "/api/v1/rooms", "/api/v1/rooms/510113-01", "/api/v1/events", "/api/v1/streams",
          "/api/v1/streams/main", "/api/v1/rooms/510113-01/events", "/api/v1/rooms/510113-01/tests"}) {
        INFO(path);
        CHECK(s.status(path) == 401);
        CHECK(code_of(s.get(path)) == "not_logged_in");
    }
    s.cookie = std::string(43, 'x');
    CHECK(s.status("/api/v1/rooms") == 401);
}

TEST_CASE("a session outlives a restart and ends with log-out") {
    Site s;
    s.sign_in_as("op");
    s.restart();
    CHECK(s.status("/api/v1/session") == 200);
    CHECK(s.call("DELETE", "/api/v1/session").status == 204);
    CHECK(s.status("/api/v1/session") == 401);
    s.restart();
    CHECK(s.status("/api/v1/session") == 401);
}

TEST_CASE("an unused session ends, one in use does not") {
    Site s;
    s.sign_in_as("op");
    for (int i = 0; i < 5; ++i) {
        s.clock.advance(std::chrono::hours{11});
        CHECK(s.status("/api/v1/session") == 200);
    }
    s.clock.advance(std::chrono::hours{13});
    CHECK(s.status("/api/v1/session") == 401);
}

TEST_CASE("the 班主任 and the technician are told to use their node's page, after the right password only") {
    Site s;
    for (const auto* account : {"t2", "j2"}) {
        const auto answer = s.sign_in(account);
        CHECK(answer.status == 403);
        CHECK(code_of(answer) == "use_node_page");
        CHECK(s.cookie.empty());
        CHECK(code_of(s.sign_in(account, "wrong")) == "wrong_password");
    }
}

TEST_CASE(
    "five wrong passwords lock the account at that address for ten minutes; a running session goes on") {
    Site s;
    s.sign_in_as("it");
    const auto running = s.cookie;
    for (int i = 0; i < 5; ++i) CHECK(s.sign_in("it", "wrong").status == 401);
    const auto locked = s.sign_in("it");
    CHECK(locked.status == 429);
    CHECK(code_of(locked) == "locked");
    CHECK(locked.header("Retry-After") == "600");
    s.cookie = running;
    CHECK(s.status("/api/v1/rooms") == 200);
    s.peer = "192.0.2.2";
    CHECK(s.sign_in("it").status == 200);
    s.peer = "192.0.2.1";
    s.clock.advance(std::chrono::minutes{10} + std::chrono::seconds{1});
    CHECK(s.sign_in("it").status == 200);
}

TEST_CASE("an account that does not exist answers like a wrong password") {
    Site s;
    CHECK(s.sign_in("nobody").text == s.sign_in("it", "wrong").text);
}

TEST_CASE("a flood of sign-ins for one account waits for nobody else and is bounded") {
    Site s;
    s.hold = true;
    for (int i = 0; i < 4; ++i)
        CHECK_FALSE(
            s.ask(s.request("POST", "/api/v1/session", R"({"account":"it","password":"x"})")).has_value());
    CHECK(code_of(s.call("POST", "/api/v1/session", R"({"account":"it","password":"x"})")) ==
          "too_many_attempts");
    CHECK_FALSE(s.ask(s.request("POST", "/api/v1/session", R"({"account":"op","password":"right-pass-1"})"))
                    .has_value());
    for (auto& work : s.held) work();
    CHECK((*s.last)->status == 200);
}

TEST_CASE("a request that is not a sign-in is refused in words") {
    Site s;
    const auto post = [&](std::string body) { return s.call("POST", "/api/v1/session", std::move(body)); };
    for (const auto* body : {"{", "[]", "{}", R"({"account":1,"password":"x"})",
                             R"({"account":"","password":"x"})", R"({"account":"it"})"})
        CHECK(code_of(post(body)) == "bad_request");
    CHECK(post("{\"account\":\"" + std::string(5000, 'a') + "\"}").status == 413);
    CHECK(post(std::string(4000, '[')).status == 400);
    auto form = s.request("POST", "/api/v1/session", "{}");
    for (auto& [name, value] : form.headers)
        if (name == "content-type") value = "text/plain";
    CHECK(s.ask(form)->status == 415);
}

TEST_CASE("another page's request is refused before it is looked at") {
    Site s;
    auto foreign = s.request("POST", "/api/v1/session", R"({"account":"it","password":"right-pass-1"})");
    foreign.headers.emplace_back("origin", "https://evil.example");
    CHECK(code_of(*s.ask(foreign)) == "foreign_origin");
    auto own = s.request("POST", "/api/v1/session", R"({"account":"it","password":"right-pass-1"})");
    own.headers.emplace_back("origin", "https://relay.example");
    own.headers.emplace_back("sec-fetch-site", "same-origin");
    CHECK(s.ask(own)->status == 200);
    s.sign_in_as("it");
    auto leave = s.request("DELETE", "/api/v1/session");
    leave.headers.emplace_back("sec-fetch-site", "cross-site");
    CHECK(s.ask(leave)->status == 403);
    CHECK(s.status("/api/v1/session") == 200);
}

TEST_CASE("a changed password or a removed account ends its sessions within a second") {
    Site s;
    s.sign_in_as("it");
    REQUIRE(set_account(s.command(), {"it", "county_it", "某某", "510113", ""}, "another-pass-2") == 0);
    s.clock.advance(std::chrono::seconds{1});
    s.plane->tick();
    CHECK(s.status("/api/v1/session") == 401);
    CHECK(s.sign_in("it").status == 401);
    CHECK(s.sign_in("it", "another-pass-2").status == 200);
}

TEST_CASE("every sign-in and every refusal is in the audit trail, and no password is") {
    Site s;
    s.sign_in("it");
    s.sign_in("it", "wrong-secret");
    s.sign_in_as("sec");
    s.get("/api/v1/rooms");
    const auto check = auth::AuditFile::verify(audit_path(s.dir.path()));
    CHECK(check.whole);
    CHECK(check.records == 4);
    const auto text = audit_text(s);
    CHECK(text.find("forbidden") != std::string::npos);
    CHECK(text.find("wrong_password") != std::string::npos);
    CHECK(text.find("secret") == std::string::npos);
    CHECK(text.find(kPassword) == std::string::npos);
}

TEST_CASE("an account that goes on asking for what it may not is audited ten times, then as a number") {
    Site s;
    s.sign_in_as("sec");
    const auto records = [&] { return auth::AuditFile::verify(audit_path(s.dir.path())).records; };
    const auto before = records();
    for (int i = 0; i < 50; ++i) CHECK(s.status("/api/v1/rooms") == 403);
    CHECK(records() == before + auth::RefusalLog::kBurst);
    s.clock.advance(std::chrono::seconds{10});
    s.plane->tick();
    CHECK(records() == before + auth::RefusalLog::kBurst + 1);
    CHECK(audit_text(s).find("40 more of these within 10 s") != std::string::npos);
}

TEST_CASE("what is held back of the audit trail is written at the stop") {
    Site s;
    s.sign_in_as("sec");
    for (int i = 0; i < 12; ++i) s.status("/api/v1/rooms");
    s.restart();
    CHECK(audit_text(s).find("2 more of these within 10 s") != std::string::npos);
}
