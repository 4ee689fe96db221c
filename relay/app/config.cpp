#include "relay/app/config.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "common/async/workers.hpp"
#include "common/http/client.hpp"
#include "common/net/tls_files.hpp"
#include "common/rtmp/url.hpp"
#include "relay/slate/slate_maker.hpp"

namespace tongke::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

void read_rtmp(config::Section section, RtmpConfig& out) {
    section.read("listen", out.listen);
    section.read("tls_listen", out.tls_listen);
    section.read("io_uring", out.io_uring);
}

void read_settings(config::Section& section, StreamSettings& out) {
    section.read("keep_seconds", out.keep_seconds, 10, 3600);
    section.read("segment_seconds", out.segment_seconds, 1, 10);
    section.read("window_seconds", out.window_seconds, 10, 3600);
    section.read("grace_seconds", out.grace_seconds, 0, 3600);
    section.read("merge_ms", out.merge_ms, 0, 1000);
    section.read("slate", out.slate);
    if (!out.slate.empty() && out.slate != kNoSlate)
        if (const auto usable = SlateMaker::open(out.slate); !usable)
            section.problem("slate", fmt::format("the picture '{}' cannot be used: {}", out.slate,
                                                 usable.error().message()));
    if (out.window_seconds < 3 * out.segment_seconds)
        section.problem("window_seconds", "window_seconds must hold at least 3 segments");
}

/// "rtmps://HOST[:PORT][?token=T]"; nothing where it is none.
std::optional<UpstreamAddress> upstream_address(const std::string& text) {
    constexpr std::string_view kToken = "?token=";
    UpstreamAddress out{text, {}};
    if (const auto at = text.find(kToken); at != text.npos)
        out = {text.substr(0, at), text.substr(at + kToken.size())};
    while (out.url.ends_with('/')) out.url.pop_back();
    const bool web = http::Url::parse(out.url).has_value();
    const bool rtmp = out.url.starts_with("rtmp://") || out.url.starts_with("rtmps://");
    const auto host = out.url.find("://") + 3;
    if ((!web && (!rtmp || !rtmp::parse_url(out.url + "/live/x"))) ||
        out.url.find_first_of("/?", host) != text.npos)
        return std::nullopt;
    return out;
}

void read_upstream(config::Section& section, StreamConfig& out) {
    std::vector<std::string> addresses;
    section.read("upstream", addresses);
    section.read("upstream_token_file", out.upstream_token_file);
    section.read("upstream_ca", out.upstream_ca);
    program::check_readable(section, "upstream_token_file", out.upstream_token_file);
    if (program::check_readable(section, "upstream_ca", out.upstream_ca) && !out.upstream_ca.empty())
        if (const auto fault = net::check_ca_file(out.upstream_ca))
            section.problem("upstream_ca", "the certificates cannot be used: " + fault.message());
    for (const auto& text : addresses) {
        if (auto address = upstream_address(text))
            out.upstream.push_back(std::move(*address));
        else
            section.problem("upstream",
                            fmt::format("'{}' must be http(s)://HOST[:PORT] or rtmp(s)://HOST[:PORT], "
                                        "with ?token=… behind it or upstream_token_file beside it",
                                        text));
    }
    if (!out.upstream.empty() && !(out.publish_key.empty() && out.backup_key.empty()))
        section.problem("upstream",
                        "a stream is published here or pulled from another relay: remove its keys, or "
                        "upstream");
}

StreamConfig read_stream(config::Section section, const StreamSettings& defaults) {
    StreamConfig out{.name = section.leaf(), .settings = defaults};
    if (!good_stream_name(out.name))
        section.problem("", "a stream's name is 1 to 64 of A-Z a-z 0-9 . _ - and does not begin with a dot");
    section.read("publish_key", out.publish_key);
    section.read("backup_key", out.backup_key);
    if (!out.backup_key.empty() && out.backup_key == out.publish_key)
        section.problem("backup_key",
                        "backup_key must differ from publish_key: it tells which encoder comes");
    read_settings(section, out.settings);
    read_upstream(section, out);
    return out;
}

void read_database(config::Section section, std::string& url) {
    section.read("url", url);
    if (!url.starts_with("sqlite:") && !url.starts_with("postgresql://"))
        section.problem("url", "must begin with sqlite: or postgresql://");
}

void read_test_channel(config::Section section, TestChannelConfig& out) {
    section.read("enabled", out.enabled);
    section.read("bitrate_kbps", out.bitrate_kbps, 400, 20'000);
}

/// The test channel brings its stream with it.
void add_test_stream(const config::Section& root, RelayConfig& out) {
    if (!out.test_channel.enabled) return;
    if (out.test_stream == out.lesson_stream)
        root.problem("test_stream",
                     "the test channel would go on the air in the lesson: name another stream");
    else if (!good_stream_name(out.test_stream))
        root.problem("test_stream", "not a stream's name: 1 to 64 of A-Z a-z 0-9 . _ -, no leading dot");
    else if (const auto* test = out.stream(out.test_stream); test && !test->upstream.empty())
        root.problem("test_stream",
                     "the test stream is pulled from another relay: set test_channel.enabled = false");
    else if (!test)
        out.streams.push_back({.name = out.test_stream, .settings = out.stream_defaults});
}

void read_limits(config::Section section, LimitsConfig& out) {
    section.read("connections", out.connections, 1, 1'000'000);
    section.read_size("unsent_bytes", out.unsent_bytes, 64u << 10, 1u << 30);
    section.read("accepts_per_second", out.accepts_per_second, 1, 1'000'000);
    section.read("handshake_seconds", out.handshake, milliseconds{1000}, minutes{10});
}

void check_listeners(const config::Section& root, const RelayConfig& c) {
    const auto http = root.section("http");
    program::check_listeners(http, c.http, c.tls);
    const auto differ = [](const config::Section& section, std::string_view key, const config::Address& a,
                           std::string_view name, const config::Address& b) {
        if (program::same_socket(a, b))
            section.problem(key, fmt::format("{}.{} and {} are the same", section.leaf(), key, name));
    };
    const auto rtmp = root.section("rtmp");
    differ(http, "listen", c.rtmp.listen, "rtmp.listen", c.http.listen);
    if (!c.tls.enabled()) return;
    differ(http, "tls_listen", c.rtmp.listen, "rtmp.listen", c.http.tls_listen);
    differ(rtmp, "tls_listen", c.rtmp.listen, "rtmp.listen", c.rtmp.tls_listen);
    differ(rtmp, "tls_listen", c.http.listen, "http.listen", c.rtmp.tls_listen);
    differ(rtmp, "tls_listen", c.http.tls_listen, "http.tls_listen", c.rtmp.tls_listen);
}

}  // namespace

const StreamConfig* RelayConfig::stream(std::string_view name) const {
    const auto found =
        std::find_if(streams.begin(), streams.end(), [&](const auto& s) { return s.name == name; });
    return found == streams.end() ? nullptr : &*found;
}

std::size_t RelayConfig::worker_count() const {
    return workers > 0 ? static_cast<std::size_t>(workers) : async::permitted_cores();
}

bool good_stream_name(std::string_view name) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), good);
}

RelayConfig read_config(const config::Document& document) {
    RelayConfig out;
    auto root = document.root();
    root.read("data_dir", out.data_dir);
    root.read("allow_plain", out.allow_plain);
    root.read("workers", out.workers, 0, 256);
    root.read("lesson_stream", out.lesson_stream);
    root.read("test_stream", out.test_stream);
    root.read("help_phone", out.help_phone);
    if (out.data_dir.empty()) root.problem("data_dir", "data_dir must not be empty");
    read_database(root.section("database"), out.database_url);
    read_rtmp(root.section("rtmp"), out.rtmp);
    program::read_http(root.section("http"), out.http);
    program::read_tls(root.section("tls"), out.tls);
    auto defaults = root.section("stream_defaults");
    read_settings(defaults, out.stream_defaults);
    for (auto& section : root.section("stream").sections())
        out.streams.push_back(read_stream(section, out.stream_defaults));
    read_test_channel(root.section("test_channel"), out.test_channel);
    add_test_stream(root, out);
    read_limits(root.section("limits"), out.limits);
    program::read_log(root.section("log"), out.log);
    check_listeners(root, out);
    return out;
}

}  // namespace tongke::relay
