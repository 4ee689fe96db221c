#include "relay/app/http_policy.hpp"

#include "common/net/ip_address.hpp"
#include "relay/ui/assets.hpp"

namespace tongke::relay {
namespace {

http::Handler page_handler(const tongke::ui::Asset& asset) {
    return [&asset, body = share_blob(Bytes(asset.bytes.begin(), asset.bytes.end()))](
               const http::Request& request, http::Reply reply) {
        http::Response response;
        response.with("ETag", asset.etag)
            .with("Cache-Control", asset.cache_control)
            .with("Content-Security-Policy", tongke::ui::kContentSecurityPolicy);
        if (request.header("if-none-match") == asset.etag) {
            response.status = 304;
        } else {
            response.with("Content-Type", asset.content_type);
            response.shared = body;
        }
        reply(std::move(response));
    };
}

}  // namespace

std::optional<http::Response> refuse_plain(const http::Request& request, bool allow_plain) {
    if (allow_plain || request.tls) return std::nullopt;
    const auto peer = net::IpAddress::parse(request.socket_peer);
    if (peer && peer->is_loopback()) return std::nullopt;
    return http::problem(403, "plain_refused", "此服务不接受未加密的连接，请改用 https:// 地址");
}

void add_common_headers(const http::Request& request, http::Response& response) {
    static const auto kAlways = [] {
        http::HeaderLines lines;
        lines.add("X-Content-Type-Options", "nosniff");
        lines.add("X-Frame-Options", "DENY");
        lines.add("Referrer-Policy", "no-referrer");
        return lines;
    }();
    response.headers.add(kAlways);
    if (request.tls) response.with("Strict-Transport-Security", "max-age=31536000");
}

void add_pages(http::Router& router) {
    if (const auto* index = ui::find("/")) router.add("GET", "/", page_handler(*index));
    for (const auto& asset : ui::assets()) router.add("GET", std::string(asset.path), page_handler(asset));
}

}  // namespace tongke::relay
