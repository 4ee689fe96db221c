#include "common/auth/node_request.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::auth;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const WallTime kTen = from_unix_ms(1'744'768'800'000);
const SignedRequest kCall{"POST", "/api/v1/node/telemetry", R"({"node":"n-1"})"};

struct Relay {
    SigningKey node = SigningKey::generate();
    ReplayWindow seen{8};

    Result<std::string> receive(std::string_view token, const SignedRequest& request = kCall,
                                WallTime now = kTen) {
        const NodeKeys keys = [&](std::string_view id) -> std::optional<VerifyKey> {
            if (id != "n-1") return std::nullopt;
            return node.public_key();
        };
        return verify_node_request(token, keys, request, now, seen);
    }
    std::string sign(WallTime now = kTen, std::string_view id = "n-1") {
        return make_node_request(node, id, kCall, now);
    }
};

}  // namespace

TEST_CASE("a node's signed request names the node") {
    Relay relay;
    CHECK(relay.receive(relay.sign()).value() == "n-1");
}

TEST_CASE("a request is worth nothing the second time") {
    Relay relay;
    const auto token = relay.sign();
    CHECK(relay.receive(token));
    CHECK(relay.receive(token).error() == AuthError::replayed);
    CHECK(relay.receive(token, kCall, kTen + minutes{2}).error() == AuthError::replayed);
}

TEST_CASE("a signature is worth nothing for another method, path or body") {
    Relay relay;
    const auto wrong = [&](SignedRequest request) {
        return relay.receive(relay.sign(), request).error() == AuthError::wrong_request;
    };
    CHECK(wrong({"GET", kCall.path, kCall.body}));
    CHECK(wrong({kCall.method, "/api/v1/node/bundle", kCall.body}));
    CHECK(wrong({kCall.method, kCall.path, R"({"node":"n-2"})"}));
    CHECK(relay.seen.size() == 0);
}

TEST_CASE("a stranger and a revoked node are unknown") {
    Relay relay;
    CHECK(relay.receive(relay.sign(kTen, "n-9")).error() == AuthError::unknown_key);
    const auto stranger = make_node_request(SigningKey::generate(), "n-1", kCall, kTen);
    CHECK(relay.receive(stranger).error() == AuthError::bad_signature);
}

TEST_CASE("a wrong clock is called a wrong clock") {
    Relay relay;
    CHECK(relay.receive(relay.sign(kTen + minutes{1})));
    CHECK(relay.receive(relay.sign(kTen - minutes{2})));
    CHECK(relay.receive(relay.sign(kTen + minutes{3})).error() == AuthError::clock_skew);
    CHECK(relay.receive(relay.sign(kTen - minutes{4})).error() == AuthError::expired);
    CHECK(relay.receive(relay.sign(kTen - hours{24 * 365 * 10})).error() == AuthError::clock_skew);
}

TEST_CASE("the replay window is bounded and forgets what has expired") {
    Relay relay;
    for (int i = 0; i < 8; ++i) CHECK(relay.receive(relay.sign()));
    CHECK(relay.receive(relay.sign()).error() == AuthError::overloaded);
    const auto later = kTen + minutes{10};
    CHECK(relay.receive(relay.sign(later), kCall, later));
    CHECK(relay.seen.size() == 1);
}
