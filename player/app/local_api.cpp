#include "player/app/local_api.hpp"

#include <boost/json.hpp>

#include "common/auth/digest.hpp"
#include "player/http/guard.hpp"
#include "player/link/files.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

void start_node_test(Site& site, const http::Request& request, const http::Reply& reply) {
    auto body = read_json(request);
    if (body.refusal) return reply(std::move(*body.refusal));
    bool wrong = false;
    const auto room = text_member(body.object, "room", 64, wrong).value_or("");
    const auto* minutes = body.object.if_contains("minutes");
    if (wrong || !minutes || !minutes->is_int64() || minutes->get_int64() < 1 || minutes->get_int64() > 60)
        return reply(http::problem(400, "bad_minutes", "测试时长须为 1 到 60 分钟的整数"));
    const auto bundle = site.control.bundle();
    if (!bundle || bundle->rooms.empty())
        return reply(http::problem(409, "no_bundle", "节点还没有取得本县的授权，无法测试"));
    const auto* known = room.empty() ? &bundle->rooms.begin()->second : bundle->room(room);
    if (!known) return reply(http::problem(404, "no_such_room", "没有这个分课堂"));
    const auto now = site.clock.wall();
    const auto schedule = schedule_of(*bundle, known->id, now);
    if (!schedule.debug) {
        const auto when =
            schedule.next_debug ? when_zh(schedule.next_debug->begin, now) + " 开放" : "日程里还没有安排";
        return reply(http::problem(409, "outside_window", "直播调试未开始，" + when));
    }
    LiveTests::Start start;
    start.room = known->id;
    start.room_name = known->name;
    start.minutes = static_cast<double>(minutes->get_int64());
    start.scope = livetest::Scope::node;
    const bool started = site.tests.start(start, [reply, room_id = known->id](const std::string& id) {
        reply(http::json_response(json::serialize(json::object{{"id", id}, {"room", room_id}}), 201));
    });
    if (!started) return reply(http::problem(409, "test_running", "本教室已有一个节点测试在进行"));
    site.test_media_asked();
}

void show_node_test(Site& site, const http::Request& request, const http::Reply& reply) {
    auto test = site.tests.find(request.capture("room"), request.capture("id"));
    reply(test ? http::json_response(std::move(*test))
               : http::problem(404, "no_such_test", "没有这次测试的记录"));
}

}  // namespace

std::string local_access_path(const std::string& data_dir) { return data_dir + "/local.json"; }

std::string to_json(const LocalAccess& access) {
    return json::serialize(json::object{{"port", access.port}, {"secret", access.secret}});
}

std::optional<LocalAccess> load_local_access(const std::string& data_dir) {
    const auto text = read_whole(local_access_path(data_dir));
    if (!text) return std::nullopt;
    Error error;
    const auto value = json::parse(*text, error);
    const auto* object = error ? nullptr : value.if_object();
    const auto* port = object ? object->if_contains("port") : nullptr;
    const auto* secret = object ? object->if_contains("secret") : nullptr;
    if (!port || !port->is_int64() || !secret || !secret->is_string()) return std::nullopt;
    return LocalAccess{static_cast<std::uint16_t>(port->get_int64()), std::string{secret->get_string()}};
}

void add_local_routes(http::Router& router, Site& site, std::string secret) {
    const auto guarded = [secret = std::move(secret), &site](auto handler) {
        return [secret, &site, handler](const http::Request& request, http::Reply reply) {
            if (!auth::constant_time_equal(request.bearer_token(), secret))
                return reply(http::problem(401, "not_local", "只供本机的 tongke-player 命令使用"));
            handler(site, request, reply);
        };
    };
    router.add("POST", "/local/v1/tests", guarded(start_node_test));
    router.add("GET", "/local/v1/tests/{room}/{id}", guarded(show_node_test));
}

}  // namespace tongke::player
