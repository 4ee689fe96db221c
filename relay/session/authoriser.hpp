// Who may publish and who may play: asked by sessions. The answer may come at
// once (the program's ConfigAuthoriser: on the calling worker) or later, from any
// thread, exactly once. Whoever answers also audits what it refused.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "common/time/clock.hpp"

namespace tongke::relay {

struct PublishRequest {
    std::string stream;
    std::string key;   // "" when there was none
    std::string peer;  // address
};
struct PublishGrant {
    bool allowed = false;
    bool backup = false;  // it was the backup key
    std::string reason;   // of a refusal: bad_key, unknown_stream …; goes into tongke_refused_total
};

struct PlayRequest {
    std::string stream;
    std::string token;
    std::string peer;
};
struct PlayGrant {
    bool allowed = false;
    std::string subject;               // who plays: the token's sub
    std::optional<WallTime> leave_at;  // the session ends then
    std::string reason;                // of a refusal: bad_token, expired …
};

class Authoriser {
  public:
    virtual ~Authoriser() = default;
    virtual void authorise_publish(PublishRequest request, std::function<void(PublishGrant)> answer) = 0;
    virtual void authorise_play(PlayRequest request, std::function<void(PlayGrant)> answer) = 0;
};

}  // namespace tongke::relay
