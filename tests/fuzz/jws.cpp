// link: common_auth
// Hostile tokens, node requests, certificate requests and password hashes:
// never a crash, and never accepted, since no key here made them.
#include <cstdint>
#include <cstdlib>

#include "common/auth/node_request.hpp"
#include "common/auth/play_token.hpp"

using namespace tongke;
using namespace tongke::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto key = SigningKey::generate();
    static const PlayTokenVerifier verifier({key.public_key()});
    static ReplayWindow seen;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto now = from_unix_ms(1'744'768'800'000);
    if (verifier.verify(text, "main", now, PlayMoment::join)) std::abort();
    const NodeKeys keys = [](std::string_view) { return std::optional(key.public_key()); };
    if (verify_node_request(text, keys, {"GET", "/", ""}, now, seen)) std::abort();
    (void)read_csr(text);
    (void)VerifyKey::from_pem(text);
    return 0;
}
