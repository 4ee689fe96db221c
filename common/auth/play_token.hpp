// Play tokens: who (sub = node) may receive which stream until when
// (CONTRACT.md §5). join_until ends new joins, leave_at ends everything, so that
// a class that plays is not cut by a token's end (TRAPS.md 1.6).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/key.hpp"
#include "common/time/clock.hpp"

namespace tongke::auth {

struct PlayToken {
    std::string node;    // sub
    std::string stream;  // exact stream name
    WallTime join_until{};
    WallTime leave_at{};
};

/// join: a new RTMP play or the multivariant playlist. stay: whatever follows it.
enum class PlayMoment { join, stay };

std::string make_play_token(const SigningKey& key, const PlayToken& token);

/// Verifies tokens against a set of keys, remembering the signatures it has
/// already checked (bounded, the least recently used go). Any thread.
class PlayTokenVerifier {
  public:
    explicit PlayTokenVerifier(std::vector<VerifyKey> keys, std::size_t cache_entries = 4096);
    ~PlayTokenVerifier();

    /// malformed, unknown_key, bad_signature, not_this_stream, expired or join_over.
    Result<PlayToken> verify(std::string_view token, std::string_view stream, WallTime now,
                             PlayMoment moment) const;
    std::size_t cached() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tongke::auth
