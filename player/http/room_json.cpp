#include "player/http/room_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "common/time/format.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;
using Measured = Classroom::Measured;

json::value number(std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return nullptr;
    return std::round(*value * 1000) / 1000;
}
json::value time(std::optional<WallTime> t) { return t ? json::value(to_iso8601(*t)) : json::value(nullptr); }

json::value slot(const Slot* s) {
    if (!s) return nullptr;
    return json::object{{"id", s->id},
                        {"kind", slot_kind_name(s->kind)},
                        {"title", s->title},
                        {"begin", to_iso8601(s->begin)},
                        {"end", to_iso8601(s->end)}};
}

json::value stall(const std::optional<qoe::StallRecord>& s, const ClockPair& clocks) {
    if (!s) return nullptr;
    std::optional<WallTime> end;
    if (s->end) end = clocks.to_wall(*s->end);
    return json::object{{"begin", to_iso8601(clocks.to_wall(s->begin))},
                        {"end", time(end)},
                        {"seconds", number(std::chrono::duration<double>(s->stalled).count())},
                        {"class", qoe::to_string(s->stall_class)},
                        {"hop", qoe::to_string(s->verdict.hop)},
                        {"share", number(s->verdict.share)}};
}

json::object may_json(const RightsQuery& query) {
    const auto ruling = may(query);
    json::object out{{"allowed", ruling.allowed}};
    if (ruling.allowed) return out;
    out["code"] = ruling.code;
    out["detail"] = ruling.detail_zh;
    if (ruling.next) out["next"] = to_iso8601(*ruling.next);
    return out;
}

json::object county(const Bundle& bundle) {
    return {{"code", bundle.county_code}, {"name", bundle.county_name}};
}

json::value last_test(const LiveTests& tests, std::string_view room, bool with_id) {
    const auto last = tests.last(room);
    if (!last || !last->verdict) return nullptr;
    json::object out{{"verdict", *last->verdict}, {"at", last->end}};
    if (with_id) out["id"] = last->id;
    return out;
}

json::object upstream(const MediaChannel& lesson, const ClockPair& clocks) {
    const auto status = lesson.status();
    std::optional<WallTime> since;
    if (status.lost_since) since = clocks.to_wall(*status.lost_since);
    return {{"transport", status.transport.empty() ? "hls" : status.transport},
            {"connected", status.state == pull::UpstreamState::running},
            {"stalled_since", time(since)}};
}

json::object playback(const Lease* lease, const std::optional<Who>& who, const Room& room) {
    return {{"started", lease != nullptr},
            {"started_at", lease ? json::value(to_iso8601(lease->started)) : json::value(nullptr)},
            {"by", lease ? json::value(lease->name) : json::value(nullptr)},
            {"yours", lease && who && lease->session == who->session},
            {"playlist", "/rooms/" + room.id + "/hls/index.m3u8"}};
}

json::object rights(Site& site, const http::Request& request, const Room& room) {
    return {{"start", may_json(site.control.query(request, room.id, Action::start))},
            {"stop", may_json(site.control.query(request, room.id, Action::stop))},
            {"test", may_json(site.control.query(request, room.id, Action::test_start))}};
}

std::optional<double> open_seconds(const Measured& m) {
    if (!m.open) return std::nullopt;
    return std::chrono::duration<double>(m.open->stalled).count();
}

json::object summary(Site& site, const Bundle& bundle, const Room& room, const Measured& m,
                     const ClockPair& clocks) {
    json::array history;
    for (const auto& cell : m.buffer_history) history.push_back(number(cell));
    json::value minutes = nullptr;
    if (m.started) minutes = std::chrono::floor<std::chrono::minutes>(clocks.wall - *m.started).count();
    return {{"id", room.id},
            {"name", room.name},
            {"county", county(bundle)},
            {"site", bundle.node},
            {"state", state_code(m.state)},
            {"state_word", state_word(m.state)},
            {"since", to_iso8601(m.state_since)},
            {"buffer_s", number(m.pc_buffer_s)},
            {"target_s", number(m.target_s)},
            {"buffer_history", std::move(history)},
            {"minutes_since_start", minutes},
            {"stalls", {{"count", m.stalls}, {"seconds", number(m.stalled_s)}}},
            {"open_stall", stall(m.open, clocks)},
            {"last_stall", stall(m.last, clocks)},
            {"last_test", last_test(site.tests, room.id, false)},
            {"advice", advice_zh(m.state, room.contact, open_seconds(m))},
            {"contact", room.contact}};
}

struct Entry {
    const Room* room;
    Measured measured;
};

/// 「20 室：17 播放正常 · 2 缓存偏低 · 1 停顿 — 请先联系 城关三小」
std::string sentence(const std::vector<Entry>& sorted) {
    std::string out = fmt::format("{} 室", sorted.size());
    std::string_view separator = "：";
    for (auto at = sorted.begin(); at != sorted.end();) {
        const auto state = at->measured.state;
        const auto next = std::find_if(at, sorted.end(), [&](auto& e) { return e.measured.state != state; });
        out += fmt::format("{}{} {}", separator, next - at, state_word(state));
        separator = " · ";
        at = next;
    }
    if (!sorted.empty() && urgency(sorted.front().measured.state) <= urgency(RoomState::due_not_started))
        out += " — 请先联系 " + sorted.front().room->name;
    return out;
}

}  // namespace

std::string room_view_json(Site& site, const http::Request& request, const Room& room) {
    const auto& bundle = *site.control.bundle();
    const auto clocks = read_clocks(site.clock);
    const auto schedule = schedule_of(bundle, room.id, clocks.wall);
    const auto found = site.classrooms.find(room.id);
    const auto m = found == site.classrooms.end() ? Measured{} : found->second->measured();
    return json::serialize(json::object{
        {"room", {{"id", room.id}, {"name", room.name}, {"county", county(bundle)}}},
        {"now", to_iso8601(clocks.wall)},
        {"state", state_code(m.state)},
        {"state_word", state_word(m.state)},
        {"state_since", to_iso8601(m.state_since)},
        {"slot", slot(schedule.now)},
        {"next_slot", slot(schedule.next)},
        {"debug_window", slot(schedule.debug)},
        {"next_debug_window", slot(schedule.next_debug)},
        {"playback", playback(site.control.leases().active(room.id), site.control.who(request), room)},
        {"may", rights(site, request, room)},
        {"buffer",
         {{"pc_s", number(m.pc_buffer_s)},
          {"node_s", number(m.node_buffer_s)},
          {"target_s", number(m.target_s)}}},
        {"latency", {{"seconds", number(m.latency_s)}, {"bound_s", number(m.latency_bound_s)}}},
        {"upstream", upstream(site.lesson, clocks)},
        {"stalls",
         {{"count", m.stalls},
          {"seconds", number(m.stalled_s)},
          {"open", stall(m.open, clocks)},
          {"last", stall(m.last, clocks)}}},
        {"last_test", last_test(site.tests, room.id, true)},
        {"help", {{"phone", bundle.help_phone}, {"room_code", room.id}}}});
}

std::string room_list_json(Site& site, const Who& who) {
    const auto& bundle = *site.control.bundle();
    const auto clocks = read_clocks(site.clock);
    const auto* account = bundle.account(who.account);
    std::vector<Entry> entries;
    for (const auto& [id, room] : bundle.rooms) {
        const bool mine = who.role == auth::Role::county_it ||
                          std::find(account->rooms.begin(), account->rooms.end(), id) != account->rooms.end();
        const auto found = site.classrooms.find(id);
        if (mine && found != site.classrooms.end()) entries.push_back({&room, found->second->measured()});
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return urgency(a.measured.state) < urgency(b.measured.state);
    });
    json::array rooms;
    for (const auto& entry : entries)
        rooms.push_back(summary(site, bundle, *entry.room, entry.measured, clocks));
    return json::serialize(json::object{
        {"now", to_iso8601(clocks.wall)}, {"sentence", sentence(entries)}, {"rooms", std::move(rooms)}});
}

std::string telemetry_rooms_json(const Bundle& bundle, const Classrooms& classrooms, const Clock& clock) {
    const auto clocks = read_clocks(clock);
    json::array rooms;
    for (const auto& [id, room] : bundle.rooms) {
        const auto found = classrooms.find(id);
        if (found == classrooms.end()) continue;
        const auto m = found->second->measured();
        rooms.push_back(json::object{{"id", id},
                                     {"state", state_code(m.state)},
                                     {"since", to_iso8601(m.state_since)},
                                     {"buffer_s", number(m.pc_buffer_s)},
                                     {"target_s", number(m.target_s)},
                                     {"latency_s", number(m.latency_s)},
                                     {"started_at", time(m.started)},
                                     {"stalls", m.stalls},
                                     {"stalled_s", number(m.stalled_s)},
                                     {"play_s", number(m.played_s)},
                                     {"open_stall", stall(m.open, clocks)}});
    }
    return json::serialize(rooms);
}

std::string telemetry_upstream_json(const MediaChannel& lesson, const Clock& clock) {
    const auto clocks = read_clocks(clock);
    auto out = upstream(lesson, clocks);
    out["received_bytes"] = lesson.counters().bytes;
    out["node_buffer_s"] = number(lesson.node_buffer(clocks.steady));
    return json::serialize(out);
}

}  // namespace tongke::player
