#include "relay/app/config_authoriser.hpp"

#include <fmt/format.h>

#include "common/auth/digest.hpp"

namespace tongke::relay {
namespace {

// An empty key in the configuration opens nothing.
bool is_key(std::string_view sent, std::string_view key) {
    return !key.empty() && auth::constant_time_equal(sent, key);
}

}  // namespace

ConfigAuthoriser::ConfigAuthoriser(std::vector<StreamConfig> streams, const auth::PlayTokenVerifier& tokens,
                                   const Clock& clock, std::function<void(auth::AuditEntry)> audit)
    : tokens_(tokens), clock_(clock), refusals_(std::move(audit)) {
    for (auto& stream : streams)
        keys_.emplace(std::move(stream.name),
                      Keys{std::move(stream.publish_key), std::move(stream.backup_key)});
}

void ConfigAuthoriser::refuse(std::string action, std::string peer, const std::string& stream,
                              const std::string& reason) {
    const auto target = stream.substr(0, 64);  // as the peer wrote it
    refusals_.refused({std::move(peer), std::move(action), target, reason, {}}, clock_.now());
}

void ConfigAuthoriser::authorise_publish(PublishRequest request, std::function<void(PublishGrant)> answer) {
    PublishGrant grant;
    const auto found = keys_.find(request.stream);
    if (found == keys_.end())
        grant.reason = "unknown_stream";
    else if (request.key.empty())
        grant.reason = "no_key";
    else if (is_key(request.key, found->second.primary))
        grant.allowed = true;
    else if (is_key(request.key, found->second.backup))
        grant.allowed = grant.backup = true;
    else
        grant.reason = "bad_key";
    if (!grant.allowed) refuse("publish", std::move(request.peer), request.stream, grant.reason);
    answer(std::move(grant));
}

void ConfigAuthoriser::authorise_play(PlayRequest request, std::function<void(PlayGrant)> answer) {
    PlayGrant grant;
    if (!keys_.contains(request.stream)) {
        grant.reason = "unknown_stream";
    } else if (request.token.empty()) {
        grant.reason = "no_token";
    } else if (auto token =
                   tokens_.verify(request.token, request.stream, clock_.wall(), auth::PlayMoment::join);
               !token) {
        grant.reason = auth::reason_of(token.error());
    } else {
        grant.allowed = true;
        grant.subject = std::move(token->node);
        grant.leave_at = token->leave_at;
    }
    if (!grant.allowed) refuse("play", request.peer, request.stream, grant.reason);
    answer(std::move(grant));
}

}  // namespace tongke::relay
