// The RTMP side of the relay: a listening socket, and one more for RTMPS, their
// connections handed to the workers in turn, publishers and players as sessions (CONTRACT.md §4).
// Owned by the program; start() and stop() from its main thread, while the
// workers and the hub run.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "common/metrics/metrics.hpp"
#include "common/net/tls_files.hpp"
#include "relay/session/authoriser.hpp"
#include "relay/stream/stream_hub.hpp"
#include "relay/stream/subscriber_info.hpp"

namespace tongke::relay {

/// Of accepts_per_second, for RTMPS: a handshake costs about as much as sending a second of a lesson, and
/// media goes first (TRAPS.md 1.2).
inline constexpr double kTlsShare = 0.2;

struct MediaLimits {
    std::size_t connections = 8192;         // above: the oldest without a role goes, else the new one
    std::uint64_t unsent_bytes = 8u << 20;  // of the log per player; above: to the newest keyframe
    double accepts_per_second = 1000;       // above: the rest waits in the kernel's queue; a fifth of RTMPS
    Milliseconds handshake{10'000};         // accept to publish or play
    Milliseconds publisher_idle{12'000};    // no byte from a publisher; an uplink may stand for 10 s
    Milliseconds write_stall{30'000};       // a player took no byte although there were some
    Milliseconds ping_every{15'000};
};

struct MediaServerOptions {
    std::string listen = "[::]:1935";  // "" = off
    std::string tls_listen;            // "" = off
    net::TlsFiles tls;
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

    /// Throws when an address cannot be bound, or the certificate cannot be used.
    void start();
    std::uint16_t port() const;
    std::uint16_t tls_port() const;
    /// For connections from now on; on error the old one stays.
    Result<void> reload_certificate(const net::TlsFiles& files);
    /// Before a planned stop: stops accepting, asks players that understand it to play from elsewhere, and
    /// waits until they have gone, but half a second longer than the window that they were told at most.
    /// Media goes on. A node with one address stays to the end.
    void drain();
    /// Stops accepting, ends every session (server_stopping) and waits for them.
    void stop();
    std::size_t connections() const;
    /// Who plays it now. Any thread between start() and stop(); `done` is called once, on a worker.
    void subscribers(const std::string& stream, std::function<void(std::vector<SubscriberInfo>)> done) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
