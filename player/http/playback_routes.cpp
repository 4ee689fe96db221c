#include "player/http/guard.hpp"
#include "player/http/room_json.hpp"
#include "player/http/site.hpp"

namespace tongke::player {
namespace {

constexpr std::size_t kLongestReason = 600;  // bytes; 200 Chinese characters

void control_playback(Site& site, const http::Request& request, http::Reply reply) {
    const auto room = request.capture("room");
    auto query = site.control.query(request, room, Action::start);
    const auto body = read_json(request);
    bool wrong = false;
    const auto action = text_member(body.object, "action", 16, wrong);
    const auto reason = text_member(body.object, "reason", kLongestReason, wrong).value_or("");
    const auto take_over = text_member(body.object, "take_over", 128, wrong).value_or("");
    query.action = action == "stop" ? Action::stop : Action::start;
    // Whom the room's playing is not for is refused, and audited, whatever was sent.
    if (const auto ruling = may_ask(query); !ruling.allowed)
        return reply(refusal(site, query, ruling, request));
    if (body.refusal) return reply(*body.refusal);
    if (wrong || !action || (*action != "start" && *action != "stop"))
        return reply(http::problem(400, "bad_request", "action 只能是 start 或 stop，reason 不超过 200 字"));
    query.reason = reason;
    query.take_over = take_over;
    const auto ruling = may(query);
    if (!ruling.allowed) return reply(refusal(site, query, ruling, request));
    const auto done = [&site, request, reply](bool kept) {
        if (!kept) return reply(http::problem(503, "disk_failed", "节点的磁盘无法写入，请联系县级技术人员"));
        const auto bundle = site.control.bundle();
        const auto* known = bundle ? bundle->room(request.capture("room")) : nullptr;
        if (!known) return reply(http::problem(404, "no_such_room", "没有这个分课堂"));
        reply(http::json_response(room_view_json(site, request, *known)));
    };
    if (query.action == Action::start)
        site.control.start(query, done);
    else
        site.control.stop_playing(query, done);
}

}  // namespace

void add_playback_routes(http::Router& router, Site& site) {
    router.add("POST", "/api/v1/rooms/{room}/playback",
               [&site](auto& request, auto reply) { control_playback(site, request, reply); });
}

}  // namespace tongke::player
