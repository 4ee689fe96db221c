// Who may publish and play, from the configuration's keys and signed tokens:
// answers at once, from any thread. What it refuses goes into the audit trail,
// at most kAuditBurst alike in ten seconds, then as a count: a flood of wrong
// keys must not become a flood of disk writes.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "common/auth/audit.hpp"
#include "common/auth/play_token.hpp"
#include "relay/app/config.hpp"
#include "relay/session/authoriser.hpp"

namespace tongke::relay {

/// Thins out alike records. Pure but for its mutex.
class RefusalLog {
  public:
    static constexpr int kAuditBurst = 10;
    static constexpr Milliseconds kWindow = std::chrono::seconds{10};
    static constexpr std::size_t kMostKinds = 1000;

    explicit RefusalLog(std::function<void(auth::AuditEntry)> audit) : audit_(std::move(audit)) {}
    void refused(auth::AuditEntry entry, SteadyTime now);
    /// Writes the counts of windows that are over; call about once a second.
    void tick(SteadyTime now);

  private:
    using Kind =
        std::tuple<std::string, std::string, std::string, std::string>;  // actor, action, target, result
    struct Window {
        SteadyTime begin{};
        int seen = 0;
    };
    static auth::AuditEntry summary(const Kind& kind, int more);

    std::function<void(auth::AuditEntry)> audit_;
    std::mutex mutex_;
    std::map<Kind, Window> windows_;
};

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
    RefusalLog refusals_;
};

}  // namespace tongke::relay
