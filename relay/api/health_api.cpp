// /metrics, /healthz, /readyz: on the connection's own thread, so that they
// answer also while the control thread is busy.
#include "relay/api/control_state.hpp"

namespace tongke::relay {
namespace {

http::Response text_response(int status, std::string text, std::string_view type) {
    http::Response response;
    response.status = status;
    response.text = std::move(text);
    return std::move(response.with("Content-Type", type).with("Cache-Control", "no-store"));
}

}  // namespace

void add_health_routes(http::Router& router, const SharedState& state) {
    router.add("GET", "/metrics", [state](const http::Request&, http::Reply reply) {
        reply(text_response(200, state->metrics.text(), "text/plain; version=0.0.4; charset=utf-8"));
    });
    router.add("GET", "/healthz", [](const http::Request&, http::Reply reply) {
        reply(text_response(200, "ok\n", "text/plain; charset=utf-8"));
    });
    router.add("GET", "/readyz", [state](const http::Request&, http::Reply reply) {
        const bool ready = !state->stopping && (!state->hooks.ready || state->hooks.ready());
        reply(ready ? text_response(200, "ready\n", "text/plain; charset=utf-8")
                    : http::problem(503, "not_ready", "服务正在启动或停止，请稍后重试"));
    });
}

}  // namespace tongke::relay
