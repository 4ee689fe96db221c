// Calls to the relay, signed with the node's key (CONTRACT.md §6). Keeps the
// relay's clock as seen in its answers, so that a node whose own clock is years
// off still signs requests that hold (TRAPS.md 1.8). On the I/O thread.
#pragma once
#include <functional>
#include <string>

#include "common/http/client.hpp"
#include "player/link/identity.hpp"

namespace tongke::player {

class RelayCalls {
  public:
    using Done = std::function<void(Result<http::ClientAnswer>)>;

    /// `relay_url`: "http(s)://HOST[:PORT]"; `client`, `clock` and `identity` outlive this.
    RelayCalls(http::Client& client, const Clock& clock, const Identity& identity, std::string relay_url);

    /// `path` without the query; `query` without '?', may be "". `done` once, never inside this call. A
    /// refusal because of the clock is repeated once with the relay's own time.
    void send(std::string method, std::string path, std::string query, std::string body,
              Milliseconds deadline, Done done);

    /// The relay's clock minus ours; 0 until it has answered.
    Milliseconds clock_offset() const { return offset_; }
    const std::string& url() const { return relay_url_; }

  private:
    struct Call;
    void send(Call call, Done done);
    bool learn_time(const http::ClientAnswer& answer);

    http::Client& client_;
    const Clock& clock_;
    const Identity& identity_;
    std::string relay_url_;
    Milliseconds offset_{0};
};

}  // namespace tongke::player
