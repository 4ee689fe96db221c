// The node's configuration (CONTRACT.md §3): one struct a section, its defaults
// as member initialisers. config/player.toml shows the same values; a test
// compares the two.
#pragma once
#include <string>
#include <vector>

#include "common/config/config.hpp"
#include "common/program/sections.hpp"

namespace tongke::player {

struct RelayConfig {
    std::string url;  // "" = as given to enroll
    std::string ca;   // PEM file; "" = the system's
    bool operator==(const RelayConfig&) const = default;
};

struct PlayerConfig {
    std::string data_dir = "/var/lib/tongke-player";
    double latency_seconds = 8;
    RelayConfig relay;
    std::vector<std::string> upstreams;  // [[upstream]] url in order; empty = the relay
    program::HttpConfig http{.listen = {"::", 8090}};
    program::TlsConfig tls;
    program::LogConfig log;
    bool operator==(const PlayerConfig&) const = default;
};

/// Reads every section; what is wrong is added to the document's problems.
PlayerConfig read_config(const config::Document& document);

}  // namespace tongke::player
