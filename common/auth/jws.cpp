#include "common/auth/jws.hpp"

#include "common/auth/claims.hpp"
#include "common/auth/digest.hpp"

namespace tongke::auth {
namespace {

constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kMostHeader = 512;

struct Parts {
    std::string_view header, payload, signature;
};

std::optional<Parts> split(std::string_view token) {
    const auto first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                 token.substr(second + 1)};
}

// alg other than ES256 never reaches a key; crit (RFC 7515 §4.1.11) is understood by nobody here.
std::optional<std::string> kid_of(std::string_view header_json) {
    boost::system::error_code error;
    boost::json::parse_options options;
    options.max_depth = 4;
    const auto value = boost::json::parse({header_json.data(), header_json.size()}, error, {}, options);
    if (error || !value.is_object()) return std::nullopt;
    const auto& header = value.get_object();
    const auto* alg = header.if_contains("alg");
    if (alg == nullptr || !alg->is_string() || alg->get_string() != "ES256" || header.contains("crit"))
        return std::nullopt;
    const auto* kid = header.if_contains("kid");
    if (kid == nullptr) return std::string{};
    if (!kid->is_string() || kid->get_string().size() > 128) return std::nullopt;
    return std::string(kid->get_string().data(), kid->get_string().size());
}

}  // namespace

std::string sign_jws(const SigningKey& key, std::string_view payload, std::string_view typ) {
    const boost::json::object header{
        {"alg", "ES256"}, {"typ", boost::json::string_view{typ.data(), typ.size()}}, {"kid", key.kid()}};
    auto token = base64url(as_bytes(boost::json::serialize(header))) + '.' + base64url(as_bytes(payload));
    const auto signature = key.sign(token);
    return token + '.' + base64url(signature);
}

Result<ParsedJws> parse_jws(std::string_view token, std::size_t max_bytes) {
    if (token.size() > max_bytes) return AuthError::malformed;
    const auto parts = split(token);
    if (!parts || parts->header.size() > kMostHeader) return AuthError::malformed;
    const auto header = from_base64url(parts->header);
    const auto payload = from_base64url(parts->payload);
    auto signature = from_base64url(parts->signature);
    if (!header || !payload || !signature || signature->size() != kSignatureBytes)
        return AuthError::malformed;
    auto kid = kid_of(as_text(*header));
    if (!kid) return AuthError::malformed;
    const auto signed_size = parts->header.size() + 1 + parts->payload.size();
    return ParsedJws{std::move(*kid), std::string(as_text(*payload)),
                     std::string(token.substr(0, signed_size)), std::move(*signature)};
}

Result<std::string> verify_jws(std::string_view token, const VerifyKey& key, std::size_t max_bytes) {
    auto parsed = parse_jws(token, max_bytes);
    if (!parsed) return parsed.error();
    if (!parsed->kid.empty() && parsed->kid != key.kid()) return AuthError::unknown_key;
    if (!key.verify(parsed->signing_input, parsed->signature)) return AuthError::bad_signature;
    return std::move(parsed->payload);
}

}  // namespace tongke::auth
