#include <fmt/core.h>

#include <boost/json.hpp>

#include "player/http/guard.hpp"
#include "player/http/site.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

std::string cookie_header(const http::Request& request, const std::string& value, std::int64_t seconds) {
    return fmt::format("tongke_player={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", value, seconds,
                       request.tls ? "; Secure" : "");
}

std::string session_json(const Bundle& bundle, const Account& account) {
    return json::serialize(json::object{{"account", account.account},
                                        {"name", account.name},
                                        {"role", auth::role_name(account.role)},
                                        {"rooms", json::array(account.rooms.begin(), account.rooms.end())},
                                        {"county", bundle.county_code}});
}

void log_in(Site& site, const http::Request& request, http::Reply reply) {
    auto body = read_json(request);
    if (body.refusal) return reply(std::move(*body.refusal));
    bool wrong = false;
    const auto account = text_member(body.object, "account", 64, wrong);
    const auto password = text_member(body.object, "password", 256, wrong);
    if (wrong || !account || !password || account->empty() || account->find('\0') != account->npos)
        return reply(http::problem(400, "bad_request", "请填写账号和密码"));
    site.control.log_in(
        *account, *password, request.peer, [&site, request, reply, name = *account](LogIn answer) {
            const auto bundle = site.control.bundle();
            const auto* known = bundle ? bundle->account(name) : nullptr;
            if (answer.cookie.empty() || !known) {
                auto refusal = http::problem(answer.status, answer.code, answer.detail_zh);
                if (answer.retry_after_s > 0)
                    refusal.with("Retry-After", std::to_string(answer.retry_after_s));
                return reply(std::move(refusal));
            }
            const auto life = std::chrono::duration_cast<std::chrono::seconds>(Sessions::kLife).count();
            auto welcome = http::json_response(session_json(*bundle, *known));
            reply(std::move(welcome.with("Set-Cookie", cookie_header(request, answer.cookie, life))));
        });
}

void log_out(Site& site, const http::Request& request, http::Reply reply) {
    if (auto refusal = foreign_origin(request)) return reply(std::move(*refusal));
    site.control.log_out(request.cookie("tongke_player"), [request, reply](bool on_disk) {
        if (!on_disk)
            return reply(http::problem(503, "disk_failed", "节点的磁盘无法写入，请联系县级技术人员"));
        http::Response gone;
        gone.status = 204;
        reply(std::move(gone.with("Set-Cookie", cookie_header(request, "", 0))));
    });
}

}  // namespace

void add_session_routes(http::Router& router, Site& site) {
    router.add("POST", "/api/v1/session",
               [&site](auto& request, auto reply) { log_in(site, request, reply); });
    router.add("DELETE", "/api/v1/session",
               [&site](auto& request, auto reply) { log_out(site, request, reply); });
    router.add("GET", "/api/v1/session", [&site](const http::Request& request, http::Reply reply) {
        const auto who = site.control.who(request);
        if (!who) return reply(http::problem(401, "not_logged_in", "请先登录"));
        const auto& bundle = *site.control.bundle();
        reply(http::json_response(session_json(bundle, *bundle.account(who->account))));
    });
}

}  // namespace tongke::player
