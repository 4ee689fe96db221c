// An estimate of who is watching by HLS, where nobody stays connected: a client
// is a token at an address with a user agent, and is there while it has asked
// for something lately. Bounded; safe from any thread (asked once per request,
// not per frame).
#pragma once
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "common/http/message.hpp"
#include "common/time/clock.hpp"

namespace tongke::relay {

class HlsClients {
  public:
    explicit HlsClients(Milliseconds memory = Milliseconds{30'000}, std::size_t most = 100'000)
        : memory_(memory), most_(most) {}

    /// By how much the number of clients changed: 1 for a new one, else 0.
    int seen(std::string_view token, const http::Request& request, SteadyTime now);
    /// By how much it changed: minus those not seen for `memory`.
    int forget(SteadyTime now);
    std::size_t count() const;

  private:
    Milliseconds memory_;
    std::size_t most_;
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, SteadyTime> last_seen_;  // by a hash of who asks
};

}  // namespace tongke::relay
