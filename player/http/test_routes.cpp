#include <boost/json.hpp>

#include "player/http/guard.hpp"
#include "player/http/site.hpp"

namespace tongke::player {
namespace {

std::optional<int> minutes_of(const boost::json::object& body) {
    const auto* value = body.if_contains("minutes");
    if (!value || !value->is_int64() || value->get_int64() < 1 || value->get_int64() > 60)
        return std::nullopt;
    return static_cast<int>(value->get_int64());
}

void start_test(Site& site, const http::Request& request, http::Reply reply) {
    const auto query = site.control.query(request, request.capture("room"), Action::test_start);
    if (const auto ruling = may_ask(query); !ruling.allowed)
        return reply(refusal(site, query, ruling, request));
    auto body = read_json(request);
    if (body.refusal) return reply(std::move(*body.refusal));
    const auto minutes = minutes_of(body.object);
    if (!minutes) return reply(http::problem(400, "bad_minutes", "测试时长须为 1 到 60 分钟的整数"));
    const auto ruling = may(query);
    if (!ruling.allowed) return reply(refusal(site, query, ruling, request));
    LiveTests::Start start;
    start.room = std::string{query.room};
    start.room_name = query.bundle->room(query.room)->name;
    start.minutes = *minutes;
    start.started_by = query.bundle->account(query.who->account)->name;
    start.session = query.who->session;
    start.other = query.who->role == auth::Role::teacher ? auth::Role::technician : auth::Role::teacher;
    const bool started = site.tests.start(start, [reply](const std::string& id) {
        reply(http::json_response("{\"id\":" + http::json_quote(id) + "}", 201));
    });
    if (!started) return reply(http::problem(409, "test_running", "本教室正在进行直播调试，请等它结束"));
    site.test_media_asked();
}

void list_tests(Site& site, const http::Request& request, http::Reply reply) {
    const auto query = site.control.query(request, request.capture("room"), Action::read);
    if (const auto ruling = may(query); !ruling.allowed) return reply(refusal(site, query, ruling, request));
    std::string tests;
    for (const auto& test : site.tests.list(request.capture("room")))
        (tests += tests.empty() ? "" : ",") += test;
    reply(http::json_response("{\"tests\":[" + tests + "]}"));
}

void show_test(Site& site, const http::Request& request, http::Reply reply) {
    const auto query = site.control.query(request, request.capture("room"), Action::read);
    if (const auto ruling = may(query); !ruling.allowed) return reply(refusal(site, query, ruling, request));
    auto test = site.tests.find(request.capture("room"), request.capture("id"));
    if (!test) return reply(http::problem(404, "no_such_test", "没有这次测试的记录"));
    reply(http::json_response(std::move(*test)));
}

}  // namespace

void add_test_routes(http::Router& router, Site& site) {
    router.add("POST", "/api/v1/rooms/{room}/tests",
               [&site](auto& request, auto reply) { start_test(site, request, reply); });
    router.add("GET", "/api/v1/rooms/{room}/tests",
               [&site](auto& request, auto reply) { list_tests(site, request, reply); });
    router.add("GET", "/api/v1/rooms/{room}/tests/{id}",
               [&site](auto& request, auto reply) { show_test(site, request, reply); });
}

}  // namespace tongke::player
