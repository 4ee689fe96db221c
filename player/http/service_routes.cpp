#include "common/ui/asset.hpp"
#include "player/http/site.hpp"
#include "player/ui/assets.hpp"

namespace tongke::player {
namespace {

http::Response page(const tongke::ui::Asset& asset, const http::Request& request) {
    http::Response out;
    out.with("ETag", asset.etag)
        .with("Cache-Control", asset.cache_control)
        .with("Content-Security-Policy", tongke::ui::kContentSecurityPolicy);
    if (request.header("if-none-match") == asset.etag) {
        out.status = 304;
        return out;
    }
    out.with("Content-Type", asset.content_type);
    out.text = as_text(asset.bytes);
    return out;
}

void serve_page(const http::Request& request, http::Reply reply) {
    const auto* asset = ui::find(request.path);
    reply(asset ? page(*asset, request) : http::problem(404, "not_found", "没有这个页面"));
}

}  // namespace

void add_service_routes(http::Router& router, Site& site) {
    router.add("GET", "/healthz", [](const http::Request&, http::Reply reply) {
        reply(http::json_response(R"({"status":"ok"})"));
    });
    router.add("GET", "/readyz", [&site](const http::Request&, http::Reply reply) {
        if (!site.control.bundle())
            return reply(http::problem(503, "no_bundle", "节点还没有取得本县的授权：请先完成注册并接通中心"));
        if (!site.spool.health().writable)
            return reply(http::problem(503, "disk_failed", "节点的磁盘无法写入，请联系县级技术人员"));
        reply(http::json_response(R"({"status":"ready"})"));
    });
    router.add("GET", "/metrics", [&site](const http::Request&, http::Reply reply) {
        for (const auto& [id, room] : site.classrooms) room->show_gauges();
        http::Response out;
        out.text = site.metrics.text();
        reply(std::move(out.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8")));
    });
}

void add_page_routes(http::Router& router) {
    router.add("GET", "/", serve_page);
    router.add("GET", "/county", serve_page);
    for (const auto& asset : ui::assets())
        if (asset.path != "/" && asset.path != "/county")
            router.add("GET", std::string{asset.path}, serve_page);
}

void add_routes(http::Router& router, Site& site) {
    add_session_routes(router, site);
    add_room_routes(router, site);
    add_playback_routes(router, site);
    add_media_routes(router, site);
    add_test_routes(router, site);
    add_beacon_routes(router, site);
    add_service_routes(router, site);
    add_page_routes(router);
}

}  // namespace tongke::player
