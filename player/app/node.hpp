// The county node: builds every part, joins them, runs until SIGTERM or SIGINT,
// stops in stages (DESIGN.md §6). One I/O thread owns everything; one disk
// thread writes files; one login thread checks passwords.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/server.hpp"

namespace tongke::player {

struct NodeOptions {
    std::filesystem::path data_dir;
    std::string relay_url;  // "" = as enrolled
    std::string relay_ca;   // PEM file; "" = the system's
    std::string listen = "[::]:8090", tls_listen;
    std::vector<net::IpPrefix> trusted_proxies;
    net::TlsFiles tls;
    std::vector<std::string> upstreams;  // empty: the relay
    double latency_seconds = 8;
    std::function<void()> on_reload;  // SIGHUP, besides the certificate
};

class Node {
  public:
    explicit Node(NodeOptions options);
    ~Node();
    Node(const Node&) = delete;

    /// Blocks until a signal stopped it. Throws std::exception at start-up faults.
    void run();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace tongke::player
