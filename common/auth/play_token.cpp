#include "common/auth/play_token.hpp"

#include <list>
#include <mutex>
#include <unordered_map>

#include "common/auth/claims.hpp"
#include "common/auth/jws.hpp"

namespace tongke::auth {

std::string make_play_token(const SigningKey& key, const PlayToken& token) {
    return sign_jws(key,
                    boost::json::serialize(boost::json::object{{"sub", token.node},
                                                               {"stream", token.stream},
                                                               {"join_until", numeric_date(token.join_until)},
                                                               {"leave_at", numeric_date(token.leave_at)},
                                                               {"kid", key.public_key().kid()}}));
}

// A token is asked about several times a second for hours; its signature is
// checked once. Only good tokens are kept, so junk cannot push them out.
struct PlayTokenVerifier::Impl {
    using Recent = std::list<std::pair<std::string, PlayToken>>;

    std::vector<VerifyKey> keys;
    std::size_t capacity;
    mutable std::mutex mutex;
    mutable Recent recent;  // newest first
    mutable std::unordered_map<std::string_view, Recent::iterator> index;

    std::optional<PlayToken> remembered(std::string_view token) const {
        const std::lock_guard lock(mutex);
        const auto found = index.find(token);
        if (found == index.end()) return std::nullopt;
        recent.splice(recent.begin(), recent, found->second);
        return found->second->second;
    }

    void remember(std::string_view token, const PlayToken& value) const {
        const std::lock_guard lock(mutex);
        if (capacity == 0 || index.contains(token)) return;
        if (recent.size() >= capacity) {
            index.erase(recent.back().first);
            recent.pop_back();
        }
        recent.emplace_front(std::string(token), value);
        index.emplace(recent.front().first, recent.begin());
    }

    Result<PlayToken> check(std::string_view token) const {
        const auto parsed = parse_jws(token);
        if (!parsed) return parsed.error();
        bool known = false, good = false;
        for (const auto& key : keys) {
            if (!parsed->kid.empty() && parsed->kid != key.kid()) continue;
            known = true;
            good = good || key.verify(parsed->signing_input, parsed->signature);
        }
        if (!known) return AuthError::unknown_key;
        if (!good) return AuthError::bad_signature;
        Claims claims(parsed->payload);
        PlayToken out{claims.text("sub"), claims.text("stream"), claims.time("join_until"),
                      claims.time("leave_at")};
        if (!claims.ok()) return AuthError::malformed;
        return out;
    }
};

PlayTokenVerifier::PlayTokenVerifier(std::vector<VerifyKey> keys, std::size_t cache_entries)
    : impl_(std::make_unique<Impl>()) {
    impl_->keys = std::move(keys);
    impl_->capacity = cache_entries;
}
PlayTokenVerifier::~PlayTokenVerifier() = default;

Result<PlayToken> PlayTokenVerifier::verify(std::string_view token, std::string_view stream, WallTime now,
                                            PlayMoment moment) const {
    auto found = impl_->remembered(token);
    if (!found) {
        auto checked = impl_->check(token);
        if (!checked) return checked.error();
        impl_->remember(token, *checked);
        found = std::move(*checked);
    }
    if (found->stream != stream) return AuthError::not_this_stream;
    if (now >= found->leave_at) return AuthError::expired;
    if (moment == PlayMoment::join && now >= found->join_until) return AuthError::join_over;
    return std::move(*found);
}

std::size_t PlayTokenVerifier::cached() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->recent.size();
}

}  // namespace tongke::auth
