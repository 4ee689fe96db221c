// GET /api/v1/streams[/S], POST /api/v1/streams/S/source.
#include <algorithm>
#include <boost/json.hpp>

#include "relay/api/access.hpp"
#include "relay/api/control_state.hpp"
#include "relay/api/guard.hpp"
#include "relay/api/stream_json.hpp"

namespace tongke::relay {
namespace {

constexpr std::size_t kMaxSourceBytes = 1024;

using Streams = std::vector<StreamInfo>;

void with_streams(const ControlState& state, std::function<void(Streams)> done) {
    if (state.hooks.streams)
        state.hooks.streams(std::move(done));
    else
        done({});
}

http::Response no_such_stream() { return http::problem(404, "no_such_stream", "没有这个直播流，请核对名称"); }

void list_streams(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* account = state.signed_in(request, reply);
    if (account == nullptr || !state.allow(may_see_streams(account->role), *account, request, reply)) return;
    with_streams(state, [reply](const Streams& streams) {
        std::string out = "{\"streams\":[";
        for (const auto& stream : streams) {
            if (&stream != &streams.front()) out += ',';
            out += stream_json(stream);
        }
        reply(http::json_response(out + "]}"));
    });
}

void show_stream(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* account = state.signed_in(request, reply);
    if (account == nullptr || !state.allow(may_see_streams(account->role), *account, request, reply)) return;
    with_streams(state, [reply, name = std::string{request.capture("stream")}](const Streams& streams) {
        const auto found =
            std::find_if(streams.begin(), streams.end(), [&](const auto& s) { return s.name == name; });
        reply(found == streams.end() ? no_such_stream() : http::json_response(stream_json(*found)));
    });
}

/// Who lacks the most first.
void list_subscribers(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* account = state.signed_in(request, reply);
    if (account == nullptr || !state.allow(may_see_streams(account->role), *account, request, reply)) return;
    const std::string name{request.capture("stream")};
    with_streams(state, [reply, name, &hooks = state.hooks](const Streams& streams) {
        const bool known =
            std::any_of(streams.begin(), streams.end(), [&](const auto& s) { return s.name == name; });
        if (!known) return reply(no_such_stream());
        if (!hooks.subscribers) return reply(http::json_response(subscribers_json({})));
        // Not on a worker that carries media: there may be thousands.
        hooks.subscribers(name, [reply, post = hooks.post](std::vector<SubscriberInfo> found) {
            post([reply, found = std::move(found)]() mutable {
                std::sort(found.begin(), found.end(),
                          [](const auto& a, const auto& b) { return a.unsent_bytes > b.unsent_bytes; });
                reply(http::json_response(subscribers_json(found)));
            });
        });
    });
}

std::string wanted_source(std::string_view body) {
    boost::system::error_code error;
    const auto root = boost::json::parse({body.data(), body.size()}, error);
    if (error || !root.is_object()) return {};
    const auto* use = root.get_object().if_contains("use");
    if (use == nullptr || !use->is_string()) return {};
    std::string word{use->get_string()};
    return word == "primary" || word == "backup" ? word : std::string{};
}

void switch_source(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* account = state.signed_in(request, reply);
    if (account == nullptr || !state.allow(may_switch_source(account->role), *account, request, reply))
        return;
    if (auto refusal = refuse_body(request, kMaxSourceBytes)) return reply(std::move(*refusal));
    const auto use = wanted_source(request.body);
    if (use.empty()) return reply(http::problem(400, "bad_request", "use 应为 primary 或 backup"));
    const std::string stream{request.capture("stream")};
    const auto refusal =
        state.hooks.switch_source ? state.hooks.switch_source(stream, use) : std::string{"no_backup"};
    if (!state.audit({account->account, "stream.source", stream, refusal.empty() ? "ok" : refusal, use}) &&
        refusal.empty())
        return reply(http::problem(503, "audit_failed", "审计记录无法保存，请联系运维"));
    if (refusal == "no_such_stream") return reply(no_such_stream());
    if (!refusal.empty()) return reply(http::problem(409, refusal, "该直播流没有可切换的备用信号"));
    reply(http::json_response("{\"use\":\"" + use + "\"}"));
}

}  // namespace

void add_stream_routes(http::Router& router, const SharedState& state) {
    add_route(router, state, "GET", "/api/v1/streams", list_streams);
    add_route(router, state, "GET", "/api/v1/streams/{stream}", show_stream);
    add_route(router, state, "GET", "/api/v1/streams/{stream}/subscribers", list_subscribers);
    add_route(router, state, "POST", "/api/v1/streams/{stream}/source", switch_source);
}

}  // namespace tongke::relay
