#include "player/http/guard.hpp"
#include "player/http/site.hpp"

namespace tongke::player {
namespace {

std::optional<http::Response> unfit(const http::Request& request) {
    if (auto refusal = foreign_origin(request)) return refusal;
    const auto type = request.header("content-type");
    if (type.substr(0, type.find(';')) != "application/json")
        return http::problem(415, "not_json", "请以 application/json 提交");
    if (request.body.size() <= qoe::kMaxBeaconBytes) return std::nullopt;
    auto out = http::problem(413, "too_large", "提交的内容太大");
    out.counted_as = "beacon_too_large";
    return out;
}

http::Response bad_beacon(const Error& error) {
    const std::string reason{qoe::reason_word(error)};
    auto out =
        http::problem(400, "bad_beacon", "测量数据不合规，已拒收", "\"reason\":" + http::json_quote(reason));
    out.counted_as = "beacon_" + reason;
    return out;
}

/// 204 only once the batch is on disk (CONTRACT.md §6); the page keeps what was not acknowledged.
void take_beacons(Site& site, const http::Request& request, http::Reply reply) {
    const std::string room{request.capture("room")};
    const auto arrival = site.clock.now();
    auto query = site.control.query(request, room, Action::test_beacon);
    if (!may_ask(query).allowed) query.action = Action::lesson_beacon;
    if (const auto ruling = may_ask(query); !ruling.allowed)
        return reply(refusal(site, query, ruling, request));
    if (auto refusal = unfit(request)) return reply(std::move(*refusal));
    const auto batch = qoe::parse_beacon_batch(request.body);
    if (!batch) return reply(bad_beacon(batch.error()));
    const bool test = batch->purpose == qoe::Purpose::test;
    query.action = test ? Action::test_beacon : Action::lesson_beacon;
    const auto ruling = may(query);
    if (!ruling.allowed) return reply(refusal(site, query, ruling, request));
    const auto classroom = site.classrooms.find(room);
    if (classroom == site.classrooms.end())
        return reply(http::problem(404, "no_such_room", "没有这个分课堂"));
    const auto error =
        test ? site.tests.beacons(room, *batch, arrival) : classroom->second->beacons(*batch, arrival);
    if (error) return reply(bad_beacon(error));
    site.journal.append({site.clock.wall(), room, qoe::to_json(*batch)}, [reply](Result<void> kept) {
        if (!kept) return reply(http::problem(503, "disk_failed", "节点的磁盘无法写入，测量数据稍后重发"));
        http::Response done;
        done.status = 204;
        reply(std::move(done));
    });
}

}  // namespace

void add_beacon_routes(http::Router& router, Site& site) {
    router.add("POST", "/api/v1/rooms/{room}/beacons",
               [&site](auto& request, auto reply) { take_beacons(site, request, reply); });
}

}  // namespace tongke::player
