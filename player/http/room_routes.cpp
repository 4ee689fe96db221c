#include "player/http/guard.hpp"
#include "player/http/room_json.hpp"
#include "player/http/site.hpp"

namespace tongke::player {
namespace {

void list_rooms(Site& site, const http::Request& request, http::Reply reply) {
    const auto who = site.control.who(request);
    if (!who) return reply(http::problem(401, "not_logged_in", "请先登录"));
    reply(http::json_response(room_list_json(site, *who)));
}

void show_room(Site& site, const http::Request& request, http::Reply reply) {
    const auto query = site.control.query(request, request.capture("room"), Action::read);
    if (const auto ruling = may(query); !ruling.allowed) return reply(refusal(site, query, ruling, request));
    reply(http::json_response(
        room_view_json(site, request, *site.control.bundle()->room(request.capture("room")))));
}

void show_events(Site& site, const http::Request& request, http::Reply reply) {
    const auto query = site.control.query(request, request.capture("room"), Action::read);
    if (const auto ruling = may(query); !ruling.allowed) return reply(refusal(site, query, ruling, request));
    const auto after = request.query_value("after").value_or("");
    if (!after.empty() && !telemetry::Spool::is_cursor(after))
        return reply(http::problem(400, "bad_cursor", "after 参数不是事件位置，请从头读取"));
    const auto page =
        site.spool.after(std::string{request.capture("room")}, after, telemetry::RecordKind::event);
    std::string events;
    for (const auto& record : page.records) (events += events.empty() ? "" : ",") += record.json;
    const auto next = page.next.empty() ? after : page.next;
    reply(http::json_response("{\"events\":[" + events + "],\"next\":" + http::json_quote(next) + "}"));
}

}  // namespace

void add_room_routes(http::Router& router, Site& site) {
    router.add("GET", "/api/v1/rooms",
               [&site](auto& request, auto reply) { list_rooms(site, request, reply); });
    router.add("GET", "/api/v1/rooms/{room}",
               [&site](auto& request, auto reply) { show_room(site, request, reply); });
    router.add("GET", "/api/v1/rooms/{room}/events",
               [&site](auto& request, auto reply) { show_events(site, request, reply); });
}

}  // namespace tongke::player
