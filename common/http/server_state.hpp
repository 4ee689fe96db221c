// What every connection of a server shares: options, router, counters.
// Immutable apart from the counters, which are atomic.
#pragma once
#include <array>
#include <atomic>
#include <memory>

#include "common/http/server.hpp"

namespace tongke::http {

enum class Refusal : std::size_t {
    bad_request,
    head_too_large,
    body_too_large,
    head_timeout,
    body_timeout,
    tls_handshake,
    too_many_connections,
    slow_reader,
    slow_event_reader,
    not_admitted,
    handler_timeout,
    idle_evicted,
    over_accept_rate,
    gone,
};
inline constexpr std::array kRefusalNames{"bad_request",          "head_too_large",
                                          "body_too_large",       "head_timeout",
                                          "body_timeout",         "tls_handshake",
                                          "too_many_connections", "slow_reader",
                                          "slow_event_reader",    "not_admitted",
                                          "handler_timeout",      "idle_evicted",
                                          "over_accept_rate",     "gone"};

struct ServerState {
    ServerOptions options;
    std::shared_ptr<const Router> router;
    std::atomic<std::size_t> connections = 0;
    std::atomic<std::uint64_t> sent = 0;
    std::array<std::atomic<std::uint64_t>, kRefusalNames.size()> refused{};

    void refuse(Refusal reason) {
        const auto index = static_cast<std::size_t>(reason);
        ++refused[index];
        count(kRefusalNames[index]);
    }
    void count(const std::string& reason) const {
        if (options.on_refused) options.on_refused(reason);
    }
};

}  // namespace tongke::http
