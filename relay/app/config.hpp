// The relay's configuration (CONTRACT.md §3): one struct a section, its
// defaults as member initialisers, read by the functions of config.cpp.
// config/relay.toml shows the same values; a test compares the two.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.hpp"
#include "common/program/sections.hpp"
#include "relay/upstream/upstream_feed.hpp"

namespace tongke::relay {

struct RtmpConfig {
    config::Address listen{"::", 1935};
    config::Address tls_listen{"::", 1936};  // served only when [tls] is set
    bool io_uring = true;                    // where the kernel allows it
    bool operator==(const RtmpConfig&) const = default;
};

/// `slate`: none.
inline constexpr std::string_view kNoSlate = "off";

struct StreamSettings {
    int keep_seconds = 120;
    double segment_seconds = 2;
    int window_seconds = 60;
    int grace_seconds = 30;
    int merge_ms = 0;
    std::string slate;  // "" = the built-in picture, "off" = none, else a PNG or JPEG
    bool operator==(const StreamSettings&) const = default;
};

struct StreamConfig {
    std::string name;
    std::string publish_key;                // "" = nobody may publish
    std::string backup_key;                 // "" = no second publisher
    std::vector<UpstreamAddress> upstream;  // relays that it is pulled from; then nobody publishes it here
    std::string upstream_token_file, upstream_ca;
    StreamSettings settings;
    bool operator==(const StreamConfig&) const = default;
};

struct LimitsConfig {
    int connections = 8192;  // of RTMP, and again of HTTP
    std::uint64_t unsent_bytes = 8u << 20;
    double accepts_per_second = 1000;
    Milliseconds handshake{10'000};
    bool operator==(const LimitsConfig&) const = default;
};

struct TestChannelConfig {
    bool enabled = true;
    int bitrate_kbps = 2500;
    bool operator==(const TestChannelConfig&) const = default;
};

struct RelayConfig {
    std::string data_dir = "/var/lib/tongke-relay";
    bool allow_plain = false;
    int workers = 0;  // 0 = one a core
    std::string lesson_stream = "main", test_stream = "test";
    std::string help_phone = "4001910910";  // A19
    std::string database_url = "sqlite:";
    RtmpConfig rtmp;
    program::HttpConfig http{.listen = {"::", 8080}};
    program::TlsConfig tls;
    StreamSettings stream_defaults;
    std::vector<StreamConfig> streams;  // with the test stream, where the test channel needs it
    TestChannelConfig test_channel;
    LimitsConfig limits;
    program::LogConfig log;
    bool operator==(const RelayConfig&) const = default;

    const StreamConfig* stream(std::string_view name) const;
    std::size_t worker_count() const;
};

/// Reads every section; what is wrong is added to the document's problems.
RelayConfig read_config(const config::Document& document);

/// 1 to 64 of A–Z a–z 0–9 . _ - and no leading dot: safe as a file name and in URLs.
bool good_stream_name(std::string_view name);

}  // namespace tongke::relay
