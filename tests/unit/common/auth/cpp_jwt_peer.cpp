// An independent JWT library reads what we write and writes what we read.
#include <jwt/jwt.hpp>

#include "common/auth/play_token.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::auth;

namespace {
const WallTime kTen = from_unix_ms(1'744'768'800'000);
}  // namespace

TEST_CASE("cpp-jwt verifies our play token") {
    const auto key = SigningKey::generate();
    const auto text = make_play_token(key, {"n-1", "main", kTen, kTen});
    std::error_code error;
    const auto token = jwt::decode(text, jwt::params::algorithms({"ES256"}), error,
                                   jwt::params::secret(key.public_key().pem()));
    REQUIRE_FALSE(error);
    CHECK(token.payload().get_claim_value<std::string>("stream") == "main");
    CHECK(token.payload().get_claim_value<std::int64_t>("leave_at") == 1744768800);
}

TEST_CASE("we verify a play token made by cpp-jwt") {
    const auto key = SigningKey::generate();
    jwt::jwt_object token{jwt::params::algorithm("ES256"), jwt::params::secret(key.private_pem())};
    token.add_claim("sub", "n-2").add_claim("stream", "main");
    token.add_claim("join_until", 1744780000).add_claim("leave_at", 1744790000);
    token.header().add_header("kid", key.kid());
    const PlayTokenVerifier verifier({key.public_key()});
    const auto found = verifier.verify(token.signature(), "main", kTen, PlayMoment::join);
    REQUIRE(found);
    CHECK(found->node == "n-2");
}
