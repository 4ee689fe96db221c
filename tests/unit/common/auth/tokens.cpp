#include <nlohmann/json.hpp>

#include "common/auth/digest.hpp"
#include "common/auth/jws.hpp"
#include "common/auth/play_token.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::auth;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

const WallTime kTen = from_unix_ms(1'744'768'800'000);
PlayToken lesson_token() { return {"n-510113-1", "main", kTen + hours{2}, kTen + hours{8}}; }

// A token with any header and payload, rightly signed.
std::string forge(const SigningKey& key, std::string_view header, std::string_view payload) {
    const auto input = base64url(as_bytes(header)) + '.' + base64url(as_bytes(payload));
    return input + '.' + base64url(key.sign(input));
}

}  // namespace

TEST_CASE("a play token opens its stream to its node") {
    const auto key = SigningKey::generate();
    const PlayTokenVerifier verifier({key.public_key()});
    const auto found = verifier.verify(make_play_token(key, lesson_token()), "main", kTen, PlayMoment::join);
    REQUIRE(found);
    CHECK(found->node == "n-510113-1");
    CHECK(found->stream == "main");
    CHECK(found->join_until == kTen + hours{2});
    CHECK(found->leave_at == kTen + hours{8});
}

TEST_CASE("joining ends before staying does") {
    const auto key = SigningKey::generate();
    const PlayTokenVerifier verifier({key.public_key()});
    const auto token = make_play_token(key, lesson_token());
    const auto at = [&](WallTime now, PlayMoment moment) {
        return verifier.verify(token, "main", now, moment);
    };
    CHECK(at(kTen + hours{2} - seconds{1}, PlayMoment::join));
    CHECK(at(kTen + hours{2}, PlayMoment::join).error() == AuthError::join_over);
    CHECK(at(kTen + hours{8} - seconds{1}, PlayMoment::stay));
    CHECK(at(kTen + hours{8}, PlayMoment::stay).error() == AuthError::expired);
    CHECK(at(kTen + hours{8}, PlayMoment::join).error() == AuthError::expired);
}

TEST_CASE("a token for another stream says so") {
    const auto key = SigningKey::generate();
    const PlayTokenVerifier verifier({key.public_key()});
    const auto token = make_play_token(key, lesson_token());
    CHECK(verifier.verify(token, "test", kTen, PlayMoment::join).error() == AuthError::not_this_stream);
    CHECK(verifier.verify(token, "main2", kTen, PlayMoment::join).error() == AuthError::not_this_stream);
}

TEST_CASE("a token of a foreign key is told from a changed one") {
    const auto key = SigningKey::generate();
    const auto other = SigningKey::generate();
    const PlayTokenVerifier verifier({key.public_key()});
    CHECK(verifier.verify(make_play_token(other, lesson_token()), "main", kTen, PlayMoment::join).error() ==
          AuthError::unknown_key);
    const auto header = R"({"alg":"ES256","kid":")" + key.kid() + R"("})";
    CHECK(verifier.verify(forge(other, header, "{}"), "main", kTen, PlayMoment::join).error() ==
          AuthError::bad_signature);
    auto changed = make_play_token(key, lesson_token());
    const auto at = changed.find('.') + 5;
    changed[at] = changed[at] == 'a' ? 'b' : 'a';
    CHECK(verifier.verify(changed, "main", kTen, PlayMoment::join).error() == AuthError::bad_signature);
}

TEST_CASE("a token without a kid is tried with every key") {
    const auto old = SigningKey::generate();
    const auto now = SigningKey::generate();
    const PlayTokenVerifier verifier({now.public_key(), old.public_key()});
    const auto payload = R"({"sub":"n","stream":"main","join_until":1744780000,"leave_at":1744790000})";
    CHECK(verifier.verify(forge(old, R"({"alg":"ES256"})", payload), "main", kTen, PlayMoment::join));
}

TEST_CASE("a token that is not ES256 or not the claims we need is malformed") {
    const auto key = SigningKey::generate();
    const PlayTokenVerifier verifier({key.public_key()});
    const std::string good = R"({"sub":"n","stream":"main","join_until":1744780000,"leave_at":1744790000})";
    const auto refused = [&](std::string_view header, std::string_view payload) {
        const auto found = verifier.verify(forge(key, header, payload), "main", kTen, PlayMoment::join);
        return found.has_error() && found.error() == AuthError::malformed;
    };
    const std::string_view es256 = R"({"alg":"ES256"})";
    CHECK_FALSE(refused(es256, good));
    CHECK(refused(R"({"alg":"none"})", good));
    CHECK(refused(R"({"alg":"HS256"})", good));
    CHECK(refused(R"({"alg":["ES256"]})", good));
    CHECK(refused(R"({"alg":"ES256","crit":["b64"]})", good));
    CHECK(refused(R"({"alg":"ES256","kid":7})", good));
    CHECK(refused("[]", good));
    CHECK(refused("{", good));
    CHECK(refused(es256, "[]"));
    CHECK(refused(es256, "not json"));
    CHECK(refused(es256, R"({"sub":"n","stream":"main","join_until":1744780000})"));
    CHECK(refused(es256, R"({"sub":1,"stream":"main","join_until":1,"leave_at":2})"));
    CHECK(refused(es256, R"({"sub":"n","stream":"main","join_until":"1","leave_at":2})"));
    CHECK(refused(es256, R"({"sub":"n","stream":"main","join_until":1e300,"leave_at":2})"));
    CHECK(refused(es256, R"({"sub":"n","stream":"main","join_until":-1,"leave_at":99999999999999})"));
    CHECK(refused(es256, std::string(1000, '[') + std::string(1000, ']')));
}

TEST_CASE("bytes that are no token are malformed") {
    const PlayTokenVerifier verifier({SigningKey::generate().public_key()});
    for (const std::string& junk :
         {std::string{}, std::string{"."}, std::string{".."}, std::string{"a.b"}, std::string{"a.b.c.d"},
          std::string{"\xff.\xff.\xff"}, std::string(100'000, 'A'), std::string(3, '\0'),
          std::string{"eyJhbGciOiJFUzI1NiJ9..AA"}})
        CHECK(verifier.verify(junk, "main", kTen, PlayMoment::join).error() == AuthError::malformed);
}

TEST_CASE("the verifier remembers good tokens only, and not more than it may") {
    const auto key = SigningKey::generate();
    const PlayTokenVerifier verifier({key.public_key()}, 3);
    for (int i = 0; i < 10; ++i) {
        auto token = lesson_token();
        token.node = "n-" + std::to_string(i);
        const auto text = make_play_token(key, token);
        for (int again = 0; again < 2; ++again)
            CHECK(verifier.verify(text, "main", kTen, PlayMoment::join)->node == token.node);
        CHECK_FALSE(verifier.verify(text + "A", "main", kTen, PlayMoment::join));
    }
    CHECK(verifier.cached() == 3);
}

TEST_CASE("a remembered token still ends") {
    const auto key = SigningKey::generate();
    const PlayTokenVerifier verifier({key.public_key()});
    const auto token = make_play_token(key, lesson_token());
    CHECK(verifier.verify(token, "main", kTen, PlayMoment::stay));
    CHECK(verifier.verify(token, "main", kTen + hours{9}, PlayMoment::stay).error() == AuthError::expired);
    CHECK(verifier.verify(token, "other", kTen, PlayMoment::stay).error() == AuthError::not_this_stream);
}

TEST_CASE("a signed bundle is read with the pinned key only") {
    const auto relay = SigningKey::generate();
    const std::string payload(200'000, 'x');
    const auto text = sign_jws(relay, payload);
    CHECK(verify_jws(text, relay.public_key()).value() == payload);
    CHECK(verify_jws(text, SigningKey::generate().public_key()).error() == AuthError::unknown_key);
    CHECK(verify_jws(text, relay.public_key(), 1000).error() == AuthError::malformed);
}

TEST_CASE("claims are the ones of the contract") {
    const auto key = SigningKey::generate();
    const auto text = make_play_token(key, lesson_token());
    const auto parsed = parse_jws(text).value();
    CHECK(parsed.kid == key.kid());
    CHECK(nlohmann::json::parse(parsed.payload) == nlohmann::json{{"sub", "n-510113-1"},
                                                                  {"stream", "main"},
                                                                  {"join_until", 1744776000},
                                                                  {"leave_at", 1744797600},
                                                                  {"kid", key.kid()}});
}
