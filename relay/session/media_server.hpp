// The RTMP side of the relay: one listening socket, its connections handed to
// the workers in turn, publishers and players as sessions (CONTRACT.md §4).
// Owned by the program; start() and stop() from its main thread, while the
// workers and the hub run.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "common/metrics/metrics.hpp"
#include "relay/session/authoriser.hpp"
#include "relay/stream/stream_hub.hpp"

namespace tongke::relay {

struct MediaLimits {
    std::size_t connections = 8192;         // above: the oldest without a role goes, else the new one
    std::uint64_t unsent_bytes = 8u << 20;  // of the log per player; above: to the newest keyframe
    double accepts_per_second = 1000;       // above: the rest waits in the kernel's queue
    Milliseconds handshake{10'000};         // accept to publish or play
    Milliseconds publisher_idle{10'000};    // no byte from a publisher
    Milliseconds write_stall{30'000};       // a player took no byte although there were some
    Milliseconds ping_every{15'000};
};

struct MediaServerOptions {
    std::string listen = "[::]:1935";
    bool allow_plain = true;  // false: loopback only (CONTRACT.md §3)
    MediaLimits limits;
};

class MediaServer {
  public:
    MediaServer(StreamHub& hub, Authoriser& authoriser, metrics::Metrics& metrics,
                MediaServerOptions options);
    ~MediaServer();
    MediaServer(const MediaServer&) = delete;
    MediaServer& operator=(const MediaServer&) = delete;

    /// Throws when the address cannot be bound.
    void start();
    std::uint16_t port() const;
    /// Before a planned stop: stops accepting, asks players that understand it to play from elsewhere, and
    /// waits until they have gone, but half a second longer than the window that they were told at most.
    /// Media goes on. A node with one address stays to the end.
    void drain();
    /// Stops accepting, ends every session (server_stopping) and waits for them.
    void stop();
    std::size_t connections() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
