#include "player/app/web_policy.hpp"

namespace tongke::player {
namespace {

/// The same address over HTTPS, on the TLS listener's port.
http::Response to_https(const http::Request& request, const std::string& tls_listen) {
    std::string host{request.header("host")};
    const auto colon = host.rfind(':');
    if (colon != host.npos && host.find(']', colon) == host.npos) host.resize(colon);
    const auto port = tls_listen.substr(tls_listen.rfind(':') + 1);
    http::Response out;
    out.status = 308;
    return std::move(
        out.with("Location", "https://" + host + (port == "443" ? "" : ":" + port) + request.target));
}

bool from_private_address(const http::Request& request) {
    const auto address = net::IpAddress::parse(request.peer);
    return address && address->is_private();
}

}  // namespace

http::ServerOptions web_policy(const NodeOptions& options) {
    http::ServerOptions out;
    out.trusted_proxies = options.trusted_proxies;
    out.admit = [tls_listen =
                     options.tls_listen](const http::Request& request) -> std::optional<http::Response> {
        if (request.tls) return std::nullopt;
        if (!tls_listen.empty()) return to_https(request, tls_listen);
        if (from_private_address(request)) return std::nullopt;
        return http::problem(403, "private_only", "本节点没有证书，只向内网地址提供页面");
    };
    out.finish = [](const http::Request&, http::Response& response) {
        response.with("X-Content-Type-Options", "nosniff").with("Referrer-Policy", "no-referrer");
        if (!response.headers.has("Cache-Control")) response.with("Cache-Control", "no-store");
    };
    return out;
}

}  // namespace tongke::player
