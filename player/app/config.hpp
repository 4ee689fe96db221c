// The node's configuration (CONTRACT.md §3): one struct a section, its defaults
// as member initialisers. config/player.toml shows the same values; a test
// compares the two.
#pragma once
#include <string>
#include <vector>

#include "common/config/config.hpp"
#include "common/log/log.hpp"
#include "common/net/ip_address.hpp"

namespace tongke::player {

struct RelayConfig {
    std::string url;  // "" = as given to enroll
    std::string ca;   // PEM file; "" = the system's
    bool operator==(const RelayConfig&) const = default;
};

struct HttpConfig {
    config::Address listen{"::", 8090};
    config::Address tls_listen{"::", 8443};  // served only when [tls] is set
    std::vector<std::string> trusted_proxies;
    bool operator==(const HttpConfig&) const = default;

    std::vector<net::IpPrefix> proxies() const;
};

struct TlsConfig {
    std::string certificate, private_key;  // PEM files
    bool enabled() const { return !certificate.empty(); }
    bool operator==(const TlsConfig&) const = default;
};

struct LogConfig {
    std::string level = "info";
    std::string file;  // "" = standard error
    log::Level level_value() const;
    bool operator==(const LogConfig&) const = default;
};

struct PlayerConfig {
    std::string data_dir = "/var/lib/tongke-player";
    double latency_seconds = 8;
    RelayConfig relay;
    std::vector<std::string> upstreams;  // [[upstream]] url in order; empty = the relay
    HttpConfig http;
    TlsConfig tls;
    LogConfig log;
    bool operator==(const PlayerConfig&) const = default;
};

/// Reads every section; what is wrong is added to the document's problems.
PlayerConfig read_config(const config::Document& document);

}  // namespace tongke::player
