#include "common/auth/node_request.hpp"

#include <map>
#include <unordered_set>

#include "common/auth/claims.hpp"
#include "common/auth/digest.hpp"
#include "common/auth/jws.hpp"
#include "common/auth/random.hpp"

namespace tongke::auth {
namespace {

std::string body_digest(std::string_view body) { return base64url(sha256(as_bytes(body))); }

}  // namespace

std::string make_node_request(const SigningKey& key, std::string_view node, const SignedRequest& request,
                              WallTime now) {
    const auto text = [](std::string_view t) { return boost::json::string(t.data(), t.size()); };
    return sign_jws(key,
                    boost::json::serialize(boost::json::object{{"sub", text(node)},
                                                               {"iat", numeric_date(now)},
                                                               {"exp", numeric_date(now + kNodeRequestLife)},
                                                               {"jti", random_hex(12)},
                                                               {"htm", text(request.method)},
                                                               {"htu", text(request.path)},
                                                               {"bsha256", body_digest(request.body)}}));
}

struct ReplayWindow::Impl {
    std::size_t capacity;
    std::unordered_set<std::string> ids;
    std::multimap<WallTime, std::unordered_set<std::string>::const_iterator> by_expiry;
};

ReplayWindow::ReplayWindow(std::size_t capacity) : impl_(std::make_unique<Impl>()) {
    impl_->capacity = capacity;
}
ReplayWindow::~ReplayWindow() = default;

Result<void> ReplayWindow::remember(std::string_view id, WallTime expires, WallTime now) {
    auto& [capacity, ids, by_expiry] = *impl_;
    while (!by_expiry.empty() && by_expiry.begin()->first < now) {
        ids.erase(by_expiry.begin()->second);
        by_expiry.erase(by_expiry.begin());
    }
    if (ids.size() >= capacity) return AuthError::overloaded;
    const auto [at, fresh] = ids.emplace(id);
    if (!fresh) return AuthError::replayed;
    by_expiry.emplace(expires, at);
    return {};
}

std::size_t ReplayWindow::size() const { return impl_->ids.size(); }

Result<std::string> verify_node_request(std::string_view token, const NodeKeys& keys,
                                        const SignedRequest& request, WallTime now, ReplayWindow& seen) {
    const auto parsed = parse_jws(token);
    if (!parsed) return parsed.error();
    Claims claims(parsed->payload);
    auto node = claims.text("sub");
    const auto iat = claims.time("iat"), exp = claims.time("exp");
    const auto jti = claims.text("jti"), htm = claims.text("htm"), htu = claims.text("htu"),
               digest = claims.text("bsha256");
    if (!claims.ok() || jti.size() < 8 || jti.size() > 128 || exp <= iat || exp - iat > kNodeRequestLongest)
        return AuthError::malformed;
    const auto key = keys(node);
    if (!key) return AuthError::unknown_key;
    if (!key->verify(parsed->signing_input, parsed->signature)) return AuthError::bad_signature;
    if (iat > now + kNodeClockTolerance || exp + kNodeClockTolerance <= now - kNodeRequestLongest)
        return AuthError::clock_skew;
    if (exp + kNodeClockTolerance <= now) return AuthError::expired;
    if (htm != request.method || htu != request.path ||
        !constant_time_equal(digest, body_digest(request.body)))
        return AuthError::wrong_request;
    if (auto fresh = seen.remember(node + '\n' + jti, exp + kNodeClockTolerance, now); !fresh)
        return fresh.error();
    return node;
}

}  // namespace tongke::auth
