// POST /api/v1/node/enroll, GET /api/v1/node/bundle, POST /api/v1/node/telemetry.
#include <fmt/core.h>

#include <boost/json.hpp>
#include <charconv>

#include "common/log/log.hpp"
#include "common/time/format.hpp"
#include "relay/api/control_state.hpp"
#include "relay/api/guard.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxEnrolBytes = 8 * 1024, kMaxTelemetryBytes = 1024 * 1024;
// CONTRACT.md §6: at most 30 s; it is looked at a few times a second.
constexpr auto kBundleWait = std::chrono::seconds{29};
constexpr std::size_t kBundlesAtOnce = 50;  // a change for all nodes must not hold up the control thread

http::Response enrol_refusal(const std::string& code) {
    if (code == "bad_csr") return http::problem(400, code, "证书请求不正确，应为节点自己签名的 P-256 请求");
    if (code == "expired_code") return http::problem(403, code, "入网码已过期，请向中心索取新的入网码");
    if (code == "used_code") return http::problem(403, code, "入网码已被使用，请向中心索取新的入网码");
    return http::problem(403, "unknown_code", "入网码不对，请核对后重试");
}

std::string enrolment_json(const ControlState& state, const Node& node) {
    const auto* county = state.fleet.roster().county(node.county);
    return json::serialize(json::object{
        {"node", node.id},
        {"certificate", nullptr},
        {"relay_public_key", state.key.public_key().pem()},
        {"county",
         json::object{{"code", node.county}, {"name", county == nullptr ? node.county : county->name}}},
        {"now", to_iso8601(state.clock.wall())}});
}

void enrol(ControlState& state, const http::Request& request, const http::Reply& reply) {
    if (auto refusal = refuse_body(request, kMaxEnrolBytes)) return reply(std::move(*refusal));
    if (state.enrol_lockout.locked_for("enroll", request.peer, state.clock.now()) > Milliseconds::zero()) {
        state.refused("locked", request, "");
        return reply(
            http::problem(429, "locked", "入网码连续输错，请 10 分钟后再试").with("Retry-After", "600"));
    }
    boost::system::error_code error;
    const auto root = json::parse(request.body, error);
    const auto* object = error ? nullptr : root.if_object();
    const auto* code = object == nullptr ? nullptr : object->if_contains("code");
    const auto* csr = object == nullptr ? nullptr : object->if_contains("csr");
    if (code == nullptr || csr == nullptr || !code->is_string() || !csr->is_string())
        return reply(http::problem(400, "bad_request", "应提供 code 和 csr"));
    const std::string_view code_text{code->get_string().data(), code->get_string().size()};
    const std::string_view csr_text{csr->get_string().data(), csr->get_string().size()};
    auto outcome = state.fleet.enrol(code_text, csr_text);
    if (!outcome) return reply(store_problem(outcome.error()));
    if (!outcome->refusal.empty()) {
        if (outcome->refusal != "bad_csr")
            state.enrol_lockout.failed("enroll", request.peer, state.clock.now());
        state.refused(outcome->refusal, request, "");
        return reply(enrol_refusal(outcome->refusal));
    }
    state.enrol_lockout.succeeded("enroll", request.peer);
    state.audit({"", "node.enroll", outcome->node.id, "ok", request.peer});
    reply(http::json_response(enrolment_json(state, outcome->node)));
}

/// The node that signed the request; null after having answered.
const Node* node_of(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto id = state.fleet.verify(request.bearer_token(), {request.method, request.path, request.body});
    const auto* node = id ? state.fleet.node(*id) : nullptr;
    if (node != nullptr) return node;
    const std::string reason = id ? "unknown_key" : auth::reason_of(id.error());
    state.refused(reason, request, "");
    const auto now = fmt::format(R"("now":"{}")", to_iso8601(state.clock.wall()));
    if (reason == "overloaded") {
        auto busy = http::problem(503, reason, "服务器繁忙，请稍后重试");
        busy.counted_as = reason;
        reply(busy.with("Retry-After", "5"));
    } else if (reason == "clock_skew" || reason == "expired")
        reply(http::problem(401, reason, "节点时钟与中心相差过大，请按 now 校正后重试", now));
    else
        reply(http::problem(401, reason, "节点签名无效或节点未入网，请重新入网", now));
    return nullptr;
}

http::Response bundle_response(const StoredBundle& bundle) {
    http::Response response;
    response.text = bundle.jws;
    return std::move(response.with("Content-Type", "application/jose").with("Cache-Control", "no-store"));
}

http::Response not_modified() {
    http::Response response;
    response.status = 304;
    return std::move(response.with("Cache-Control", "no-store"));
}

/// Answers if the node's bundle is newer than what it holds.
bool answered(ControlState& state, const Node& node, std::int64_t after, const http::Reply& reply) {
    const auto bundle = state.fleet.bundle(node);
    if (!bundle) {
        reply(store_problem(bundle.error()));
        return true;
    }
    if (bundle->version <= after) return false;
    reply(bundle_response(*bundle));
    return true;
}

void ask_bundle(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* node = node_of(state, request, reply);
    if (node == nullptr) return;
    const auto text = request.query_value("after").value_or("0");
    std::int64_t after = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
    if (error != std::errc{} || end != text.data() + text.size() || after < 0)
        return reply(http::problem(400, "bad_request", "after 应为已有的版本号"));
    // One wait a node: an older request's connection is gone or will be.
    state.waiting_bundles.remove_if([&](const WaitingBundle& waiting) {
        if (waiting.node != node->id) return false;
        waiting.reply(not_modified());
        return true;
    });
    if (answered(state, *node, after, reply)) return;
    if (state.stopping) return reply(not_modified());
    state.waiting_bundles.push_back(
        {node->id, after, state.clock.now() + kBundleWait, state.fleet.generation(), reply});
}

void take_telemetry(ControlState& state, const http::Request& request, const http::Reply& reply) {
    if (auto refusal = refuse_body(request, kMaxTelemetryBytes)) return reply(std::move(*refusal));
    const auto* node = node_of(state, request, reply);
    if (node == nullptr) return;
    const auto telemetry = parse_telemetry(request.body);
    if (!telemetry || telemetry->node != node->id) {
        state.refused("bad_telemetry", request, node->id);
        if (!telemetry && telemetry.error() == TelemetryError::too_many)
            return reply(http::problem(413, "too_large", "一次上报的记录过多，请分批"));
        return reply(http::problem(400, "bad_telemetry", "上报内容不正确，应含本节点的 node 和 boot"));
    }
    const auto accepted = state.fleet.accept(*node, *telemetry);
    // Not acknowledged: the node keeps its records and sends them again.
    if (!accepted) return reply(store_problem(accepted.error()).with("Retry-After", "10"));
    reply(http::json_response(json::serialize(
        json::object{{"acknowledged", json::object{{"boot", accepted->boot}, {"seq", accepted->seq}}},
                     {"window_s", std::chrono::duration<double>(state.config.telemetry_window).count()}})));
}

}  // namespace

void answer_waiting_bundles(ControlState& state) {
    const auto now = state.clock.now();
    std::size_t looked = 0;
    for (auto it = state.waiting_bundles.begin(); it != state.waiting_bundles.end();) {
        bool done = false;
        if (it->generation != state.fleet.generation() && looked < kBundlesAtOnce) {
            ++looked;
            it->generation = state.fleet.generation();
            const auto* node = state.fleet.node(it->node);
            done = node != nullptr && answered(state, *node, it->after, it->reply);
        }
        if (!done && (now >= it->until || state.stopping)) {
            it->reply(not_modified());
            done = true;
        }
        it = done ? state.waiting_bundles.erase(it) : std::next(it);
    }
}

void add_node_routes(http::Router& router, const SharedState& state) {
    add_route(router, state, "POST", "/api/v1/node/enroll", enrol);
    add_route(router, state, "GET", "/api/v1/node/bundle", ask_bundle);
    add_route(router, state, "POST", "/api/v1/node/telemetry", take_telemetry);
}

}  // namespace tongke::relay
