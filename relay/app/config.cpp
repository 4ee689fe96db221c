#include "relay/app/config.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "relay/slate/slate_maker.hpp"

namespace tongke::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

// Kept in the contract for later work orders; silently ignoring them would be a lie.
void refuse_for_now(config::Section& section, std::string_view key, std::string_view what) {
    if (section.has(key))
        section.problem(key, fmt::format("'{}' ({}) is not offered by this version: remove it", key, what));
}

void read_rtmp(config::Section section, RtmpConfig& out) {
    section.read("listen", out.listen);
    config::Address tls_listen;
    section.read("tls_listen", tls_listen);
    if (tls_listen.enabled())
        section.problem("tls_listen", "RTMPS is not offered by this version: leave tls_listen empty");
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

StreamConfig read_stream(config::Section section, const StreamSettings& defaults) {
    StreamConfig out{section.leaf(), {}, {}, defaults};
    if (!good_stream_name(out.name))
        section.problem("", "a stream's name is 1 to 64 of A-Z a-z 0-9 . _ - and does not begin with a dot");
    section.read("publish_key", out.publish_key);
    section.read("backup_key", out.backup_key);
    if (!out.backup_key.empty() && out.backup_key == out.publish_key)
        section.problem("backup_key",
                        "backup_key must differ from publish_key: it tells which encoder comes");
    read_settings(section, out.settings);
    refuse_for_now(section, "upstream", "pulling from another relay");
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
    else if (!out.stream(out.test_stream))
        out.streams.push_back({out.test_stream, {}, {}, out.stream_defaults});
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
    if (program::same_socket(c.rtmp.listen, c.http.listen))
        http.problem("listen", "http.listen and rtmp.listen are the same");
    if (c.tls.enabled() && program::same_socket(c.rtmp.listen, c.http.tls_listen))
        http.problem("tls_listen", "http.tls_listen and rtmp.listen are the same");
}

}  // namespace

const StreamConfig* RelayConfig::stream(std::string_view name) const {
    const auto found =
        std::find_if(streams.begin(), streams.end(), [&](const auto& s) { return s.name == name; });
    return found == streams.end() ? nullptr : &*found;
}

std::size_t RelayConfig::worker_count() const {
    return workers > 0 ? static_cast<std::size_t>(workers)
                       : std::max(1u, std::thread::hardware_concurrency());
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
