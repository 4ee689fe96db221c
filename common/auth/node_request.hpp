// Every call of a node to the relay carries a short JWT by the node's own key
// that names method, path and body (CONTRACT.md §6), so neither a copied header
// nor a changed body is worth anything.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/auth/key.hpp"
#include "common/time/clock.hpp"

namespace tongke::auth {

struct SignedRequest {
    std::string_view method;  // "POST"
    std::string_view path;    // as on the request line without the query
    std::string_view body;
};

inline constexpr Milliseconds kNodeRequestLife = std::chrono::minutes{1};  // what nodes ask for
inline constexpr Milliseconds kNodeRequestLongest = std::chrono::minutes{5};
inline constexpr Milliseconds kNodeClockTolerance = std::chrono::minutes{2};

/// claims sub, iat, exp, jti, htm, htu, bsha256. `now` is the relay's time as the
/// node knows it (its clock plus the skew measured from Date headers).
std::string make_node_request(const SigningKey& key, std::string_view node, const SignedRequest& request,
                              WallTime now);

/// Remembers the requests seen until they expire. One owner, one thread.
class ReplayWindow {
  public:
    explicit ReplayWindow(std::size_t capacity = 1 << 20);
    ~ReplayWindow();
    /// False when the id was seen before. Entries past their expiry are forgotten.
    Result<void> remember(std::string_view id, WallTime expires, WallTime now);
    std::size_t size() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The key enrolled for a node id; empty when there is none (or it was revoked).
using NodeKeys = std::function<std::optional<VerifyKey>(std::string_view node)>;

/// The node's id. Errors: malformed, unknown_key (no such node), bad_signature,
/// clock_skew, expired, wrong_request, replayed, overloaded.
Result<std::string> verify_node_request(std::string_view token, const NodeKeys& keys,
                                        const SignedRequest& request, WallTime now, ReplayWindow& seen);

}  // namespace tongke::auth
