#include "common/http/router.hpp"

#include <algorithm>
#include <exception>
#include <optional>

#include "common/log/log.hpp"

namespace tongke::http {
namespace {

using Captures = std::vector<std::pair<std::string, std::string>>;

std::string_view first_part(std::string_view path) { return path.substr(0, path.find('/')); }

std::string_view after(std::string_view path, std::string_view part) {
    return path.substr(std::min(path.size(), part.size() + 1));
}

/// Both without their leading '/'. The pattern decides how many parts there are.
std::optional<Captures> match(std::string_view pattern, std::string_view path) {
    Captures captures;
    bool path_done = false;
    while (!pattern.empty()) {
        const auto want = first_part(pattern), have = first_part(path);
        if (path_done) return std::nullopt;
        if (want.ends_with("...}")) {
            captures.emplace_back(want.substr(1, want.size() - 5), path);
            return path.empty() ? std::nullopt : std::optional{std::move(captures)};
        }
        if (want.starts_with('{')) {
            if (have.empty()) return std::nullopt;
            captures.emplace_back(want.substr(1, want.size() - 2), have);
        } else if (want != have) {
            return std::nullopt;
        }
        path_done = have.size() == path.size();
        pattern = after(pattern, want);
        path = after(path, have);
    }
    return path.empty() && path_done ? std::optional{std::move(captures)} : std::nullopt;
}

void call(const Handler& handler, const Request& request, const Reply& reply) {
    try {
        handler(request, reply);
    } catch (const std::exception& e) {
        log::error("http", "{} {}: handler failed: {}", request.method, request.path, e.what());
        reply(problem(500, "internal", "服务器内部错误，请重试；仍不行请联系技术人员"));
    }
}

std::string allowed_list(const std::vector<std::string>& methods) {
    std::string allow = "OPTIONS";
    for (const auto& method : methods) {
        if (method == "OPTIONS") continue;
        (allow += ", ") += method;
        if (method == "GET") allow += ", HEAD";
    }
    return allow;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler, Dispatch where) {
    routes_.push_back({std::move(method), std::move(pattern), std::move(handler), std::move(where)});
}

void Router::handle(const std::shared_ptr<Request>& shared, Reply reply) const {
    auto& request = *shared;
    const std::string_view wanted = request.method == "HEAD" ? "GET" : std::string_view{request.method};
    std::vector<std::string> others;
    for (const auto& route : routes_) {
        if (route.pattern == "/" && request.path != "/") continue;
        auto captures = route.pattern == "/" ? std::optional<Captures>{Captures{}}
                                             : match(std::string_view{route.pattern}.substr(1),
                                                     std::string_view{request.path}.substr(1));
        if (!captures) continue;
        if (route.method != wanted) {
            if (std::find(others.begin(), others.end(), route.method) == others.end())
                others.push_back(route.method);
            continue;
        }
        request.captures = std::move(*captures);
        if (!route.where) return call(route.handler, request, reply);
        route.where(
            [&handler = route.handler, shared, reply = std::move(reply)] { call(handler, *shared, reply); });
        return;
    }
    if (others.empty()) return reply(problem(404, "not_found", "没有这个地址"));
    if (wanted == "OPTIONS") {
        Response answer;
        answer.status = 204;
        return reply(std::move(answer.with("Allow", allowed_list(others))));
    }
    reply(std::move(
        problem(405, "method_not_allowed", "这个地址不支持该操作").with("Allow", allowed_list(others))));
}

}  // namespace tongke::http
