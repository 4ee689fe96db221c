#include "player/app/config.hpp"

#include <unistd.h>

#include "common/http/client.hpp"

namespace tongke::player {
namespace {

void read_relay(config::Section section, RelayConfig& out) {
    section.read("url", out.url);
    section.read("ca", out.ca);
    if (!out.url.empty() && !http::Url::parse(out.url))
        section.problem("url", "must be http://HOST[:PORT] or https://HOST[:PORT]");
    if (!out.ca.empty() && access(out.ca.c_str(), R_OK) != 0)
        section.problem("ca", "the file of 'ca' cannot be read: " + out.ca);
}

void read_http(config::Section section, HttpConfig& out) {
    section.read("listen", out.listen);
    section.read("tls_listen", out.tls_listen);
    section.read("trusted_proxies", out.trusted_proxies);
    for (const auto& proxy : out.trusted_proxies)
        if (!net::IpPrefix::parse(proxy))
            section.problem("trusted_proxies", "must be addresses or prefixes like \"10.0.0.0/8\"");
}

void read_tls(config::Section section, TlsConfig& out) {
    section.read("certificate", out.certificate);
    section.read("private_key", out.private_key);
    if (out.certificate.empty() != out.private_key.empty())
        section.problem(out.certificate.empty() ? "private_key" : "certificate",
                        "certificate and private_key go together: set both or none");
    for (const auto& [key, path] :
         {std::pair{"certificate", out.certificate}, {"private_key", out.private_key}})
        if (!path.empty() && access(path.c_str(), R_OK) != 0)
            section.problem(key, "the file cannot be read: " + path);
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

std::vector<net::IpPrefix> HttpConfig::proxies() const {
    std::vector<net::IpPrefix> out;
    for (const auto& text : trusted_proxies)
        if (const auto prefix = net::IpPrefix::parse(text)) out.push_back(*prefix);
    return out;
}

log::Level LogConfig::level_value() const {
    return level == "debug"   ? log::Level::debug
           : level == "warn"  ? log::Level::warn
           : level == "error" ? log::Level::error
                              : log::Level::info;
}

PlayerConfig read_config(const config::Document& document) {
    PlayerConfig out;
    auto root = document.root();
    root.read("data_dir", out.data_dir);
    root.read("latency_seconds", out.latency_seconds, 2, 60);
    if (out.data_dir.empty()) root.problem("data_dir", "data_dir must not be empty");
    read_relay(root.section("relay"), out.relay);
    read_upstreams(root, out.upstreams);
    read_http(root.section("http"), out.http);
    read_tls(root.section("tls"), out.tls);
    auto log = root.section("log");
    log.read_choice("level", out.log.level, {"debug", "info", "warn", "error"});
    log.read("file", out.log.file);
    return out;
}

}  // namespace tongke::player
