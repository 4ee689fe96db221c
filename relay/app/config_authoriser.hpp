// Who may publish and play, from the configuration's keys and signed tokens:
// answers at once, from any thread. What it refuses goes into the audit trail,
// thinned out by auth::RefusalLog.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/auth/audit.hpp"
#include "common/auth/play_token.hpp"
#include "common/auth/refusal_log.hpp"
#include "relay/app/config.hpp"
#include "relay/session/authoriser.hpp"

namespace tongke::relay {

class ConfigAuthoriser final : public Authoriser {
  public:
    ConfigAuthoriser(std::vector<StreamConfig> streams, const auth::PlayTokenVerifier& tokens,
                     const Clock& clock, std::function<void(auth::AuditEntry)> audit);

    void authorise_publish(PublishRequest request, std::function<void(PublishGrant)> answer) override;
    void authorise_play(PlayRequest request, std::function<void(PlayGrant)> answer) override;
    /// A play token refused elsewhere (HLS).
    void note_refused_play(const std::string& peer, const std::string& stream, const std::string& reason) {
        refuse("play", peer, stream, reason);
    }

    void tick() { refusals_.tick(clock_.now()); }

  private:
    void refuse(std::string action, std::string peer, const std::string& stream, const std::string& reason);

    struct Keys {
        std::string primary, backup;
    };
    std::map<std::string, Keys, std::less<>> keys_;  // by stream
    const auth::PlayTokenVerifier& tokens_;
    const Clock& clock_;
    auth::RefusalLog refusals_;
};

}  // namespace tongke::relay
