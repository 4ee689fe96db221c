// The HTTP/1.1 server of both programs: listeners, plain and TLS, over one or
// more one-thread io_contexts (workers); a connection lives on one worker, in
// turn. Keep-alive and pipelining: requests of a connection are answered in
// order, one at a time. Every length and every wait has a bound; what is
// refused is counted by reason and answered as problem+json where a peer can
// still read it. Head and body leave in one write (Nagle and delayed ACK cost
// 40 ms otherwise), shared bytes without a copy.
// Owned by the program's app; stop() from any thread, nothing is left after
// its callback.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/http/message.hpp"
#include "common/http/router.hpp"
#include "common/net/ip_address.hpp"
#include "common/net/tls_files.hpp"
#include "common/time/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace tongke::http {

struct ServerLimits {
    std::size_t connections = 4096;  // above: the idlest make room; if none is idle, 503 + Retry-After
    double accepts_per_second = 0;   // above: 503 + Retry-After; a fifth of TLS, the rest waits. 0: no limit
    std::size_t head_bytes = 16 * 1024;    // request line and headers: 431
    std::size_t body_bytes = 1024 * 1024;  // 413
    std::size_t event_stream_unsent = 256 * 1024;
    Milliseconds idle{75'000};             // between requests; before the first one, `head`
    Milliseconds handshake{10'000};        // TLS
    Milliseconds head{10'000};             // first byte to the end of the head: 408
    Milliseconds body{30'000};             // whole body: 408
    Milliseconds handler{60'000};          // no reply: 503
    Milliseconds write_progress{20'000};   // no byte taken by the peer
    Milliseconds stop_grace{3'000};        // answers under way at stop()
    Milliseconds event_heartbeat{15'000};  // comment line on a silent event stream
    int retry_after_s = 2;
};

struct ServerOptions {
    ServerLimits limits;
    std::vector<net::IpPrefix> trusted_proxies;  // X-Forwarded-For and -Proto count from these only
    /// Asked on the connection's worker once a request's head is known and before its body is read:
    /// an answer refuses or redirects it (plain HTTP policy, HTTPS redirect).
    std::function<std::optional<Response>(const Request&)> admit;
    /// Sees every answer once, refusals included, on the worker just before it is sent (CORS, HSTS). What it
    /// adds whatever the handler said, no handler says.
    std::function<void(const Request&, Response&)> finish;
    /// Called on a worker for every refused input, a handler's answers of 400 to 499 included, with a reason
    /// of a small set (tongke_refused_total).
    std::function<void(const std::string& reason)> on_refused;
};

class Server {
  public:
    /// Each io_context must be run by exactly one thread and outlive the server's stop.
    Server(std::vector<boost::asio::io_context*> workers, std::shared_ptr<const Router> router,
           ServerOptions options);
    ~Server();
    Server(const Server&) = delete;

    /// "[::]:8080", "127.0.0.1:0"; [::] falls back to 0.0.0.0 where IPv6 is off. Returns the bound port.
    Result<std::uint16_t> listen(const std::string& address);
    /// The same with TLS 1.2+; loads the files.
    Result<std::uint16_t> listen_tls(const std::string& address, const net::TlsFiles& files);
    /// New connections use the new certificate; on error the old one stays.
    Result<void> reload_certificate(const net::TlsFiles& files);

    /// Stops accepting, lets answers under way finish within the grace, closes the rest, then calls back
    /// once.
    void stop(std::function<void()> on_stopped);

    std::size_t connections() const;
    std::uint64_t sent_bytes() const;  // bodies and heads, all connections since start
    std::map<std::string, std::uint64_t> refused() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tongke::http
