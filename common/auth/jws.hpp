// Compact JWS with ES256 (RFC 7515): what tokens, node requests and the county
// bundle are carried in. Parsing is for bytes from anywhere: bounded, strict,
// alg must be ES256, nothing is believed before the signature holds.
#pragma once
#include <string>
#include <string_view>

#include "common/auth/key.hpp"

namespace tongke::auth {

inline constexpr std::size_t kMaxTokenBytes = 8 * 1024;
inline constexpr std::size_t kMaxBundleBytes = 8 * 1024 * 1024;

/// header {"alg":"ES256","typ":typ,"kid":key.kid()}; payload as given (JSON text).
std::string sign_jws(const SigningKey& key, std::string_view payload, std::string_view typ = "JWT");

struct ParsedJws {
    std::string kid;      // "" when the header names none
    std::string payload;  // NOT verified yet
    std::string signing_input;
    Bytes signature;  // 64 bytes
};
Result<ParsedJws> parse_jws(std::string_view token, std::size_t max_bytes = kMaxTokenBytes);

/// The payload, once the signature held. A kid in the header must be the key's.
Result<std::string> verify_jws(std::string_view token, const VerifyKey& key,
                               std::size_t max_bytes = kMaxBundleBytes);

}  // namespace tongke::auth
