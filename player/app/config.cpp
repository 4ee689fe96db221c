#include "player/app/config.hpp"

#include "common/http/client.hpp"

namespace tongke::player {
namespace {

void read_relay(config::Section section, RelayConfig& out) {
    section.read("url", out.url);
    while (out.url.ends_with('/')) out.url.pop_back();
    section.read("ca", out.ca);
    if (!out.url.empty() && !http::Url::parse(out.url))
        section.problem("url", "must be http://HOST[:PORT] or https://HOST[:PORT]");
    program::check_readable(section, "ca", out.ca);
}

void read_upstreams(const config::Section& root, std::vector<std::string>& out) {
    for (auto section : root.list("upstream")) {
        std::string url;
        section.read("url", url);
        const bool web = http::Url::parse(url).has_value();
        const bool rtmp = url.starts_with("rtmp://") || url.starts_with("rtmps://");
        if (!web && !rtmp)
            section.problem("url", "must be http(s)://HOST[:PORT] or rtmp(s)://HOST[:PORT]");
        else
            out.push_back(std::move(url));
    }
}

}  // namespace

PlayerConfig read_config(const config::Document& document) {
    PlayerConfig out;
    auto root = document.root();
    root.read("data_dir", out.data_dir);
    root.read("latency_seconds", out.latency_seconds, 2, 60);
    if (out.data_dir.empty()) root.problem("data_dir", "data_dir must not be empty");
    read_relay(root.section("relay"), out.relay);
    read_upstreams(root, out.upstreams);
    program::read_http(root.section("http"), out.http);
    program::read_tls(root.section("tls"), out.tls);
    program::check_listeners(root.section("http"), out.http, out.tls);
    program::read_log(root.section("log"), out.log);
    return out;
}

}  // namespace tongke::player
