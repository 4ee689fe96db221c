#include "relay/app/config_authoriser.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

struct Fixture {
    ManualClock clock;
    auth::SigningKey key = auth::SigningKey::generate();
    auth::PlayTokenVerifier tokens{{key.public_key()}};
    std::vector<auth::AuditEntry> audited;
    ConfigAuthoriser authoriser{
        {{"main", "right", "second", {}}, {"closed", "", "", {}}}, tokens, clock, [this](auth::AuditEntry e) {
            audited.push_back(std::move(e));
        }};

    PublishGrant publish(std::string stream, std::string key_text) {
        PublishGrant got;
        authoriser.authorise_publish({std::move(stream), std::move(key_text), "192.0.2.7"},
                                     [&](PublishGrant grant) { got = std::move(grant); });
        return got;
    }
    PlayGrant play(std::string stream, std::string token) {
        PlayGrant got;
        authoriser.authorise_play({std::move(stream), std::move(token), "192.0.2.7"},
                                  [&](PlayGrant grant) { got = std::move(grant); });
        return got;
    }
    std::string token(const std::string& stream) {
        return auth::make_play_token(key, {"n-1", stream, clock.wall() + hours{1}, clock.wall() + hours{8}});
    }
};

}  // namespace

TEST_CASE("the right key publishes and nothing is written about it") {
    Fixture f;
    CHECK(f.publish("main", "right").allowed);
    CHECK(f.audited.empty());
}

TEST_CASE("the backup key publishes as backup") {
    Fixture f;
    CHECK_FALSE(f.publish("main", "right").backup);
    const auto grant = f.publish("main", "second");
    CHECK(grant.allowed);
    CHECK(grant.backup);
}

TEST_CASE("any other key is refused with its reason and audited") {
    Fixture f;
    CHECK(f.publish("main", "wrong").reason == "bad_key");
    CHECK(f.publish("main", "righ").reason == "bad_key");
    CHECK(f.publish("main", "").reason == "no_key");
    CHECK(f.publish("other", "right").reason == "unknown_stream");
    REQUIRE(f.audited.size() == 4);
    CHECK(f.audited[0].actor == "192.0.2.7");
    CHECK(f.audited[0].action == "publish");
    CHECK(f.audited[0].target == "main");
    CHECK(f.audited[0].result == "bad_key");
}

TEST_CASE("a stream without a key takes nobody, not even an empty key") {
    Fixture f;
    CHECK_FALSE(f.publish("closed", "").allowed);
    CHECK_FALSE(f.publish("closed", "x").allowed);
}

TEST_CASE("a play token opens its stream until it ends") {
    Fixture f;
    const auto token = f.token("main");
    const auto grant = f.play("main", token);
    CHECK(grant.allowed);
    CHECK(grant.subject == "n-1");
    CHECK(grant.leave_at == f.clock.wall() + hours{8});
    f.clock.advance(hours{1});
    CHECK(f.play("main", token).reason == "join_over");
    CHECK(f.audited.size() == 1);
}

TEST_CASE("a missing, foreign or wrong token is refused") {
    Fixture f;
    CHECK(f.play("main", "").reason == "no_token");
    CHECK(f.play("main", "x.y.z").reason == "malformed");
    CHECK(f.play("main", f.token("closed")).reason == "not_this_stream");
    CHECK(f.play("nobody", f.token("nobody")).reason == "unknown_stream");
    CHECK(f.audited.size() == 4);
}

TEST_CASE("a flood of wrong keys is counted, not written one by one") {
    Fixture f;
    for (int i = 0; i < 1000; ++i) f.publish("main", "wrong");
    CHECK(f.audited.size() == auth::RefusalLog::kBurst);
    f.authoriser.tick();
    CHECK(f.audited.size() == auth::RefusalLog::kBurst);
    f.clock.advance(seconds{10});
    f.authoriser.tick();
    REQUIRE(f.audited.size() == auth::RefusalLog::kBurst + 1);
    CHECK(f.audited.back().detail == "990 more of these within 10 s");
    f.publish("main", "wrong");
    CHECK(f.audited.size() == auth::RefusalLog::kBurst + 2);
}

TEST_CASE("a flood of invented streams does not grow the log of refusals") {
    Fixture f;
    for (int i = 0; i < 5000; ++i) f.publish("x" + std::to_string(i), "k");
    CHECK(f.audited.size() == auth::RefusalLog::kMostWritten);
}
