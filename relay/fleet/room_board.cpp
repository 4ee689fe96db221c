#include "relay/fleet/room_board.hpp"

#include <algorithm>
#include <set>

#include "common/time/zone.hpp"
#include "relay/fleet/room_words.hpp"

namespace tongke::relay {
namespace {

constexpr auto kCell = std::chrono::seconds{10};
constexpr std::int64_t kCells = 60;

std::int64_t cell_of(SteadyTime t) { return t.time_since_epoch() / kCell; }

}  // namespace

void RoomBoard::set_nodes(const std::vector<Node>& nodes) {
    std::map<std::string, NodeLive> next;
    for (const auto& node : nodes) {
        if (node.revoked) continue;
        const auto known = nodes_.find(node.id);
        next[node.id] =
            known != nodes_.end() ? known->second : NodeLive{node.county, std::nullopt, node.last_seen};
    }
    nodes_ = std::move(next);
}

void RoomBoard::report(const std::string& node, const Telemetry& telemetry, SteadyTime now, WallTime wall) {
    const auto known = nodes_.find(node);
    if (known == nodes_.end()) return;
    known->second.seen = now;
    known->second.seen_wall = wall;
    for (const auto& report : telemetry.rooms) {
        if (report.id.substr(0, 6) != known->second.county) continue;
        auto& live = rooms_[report.id];
        live.node = node;
        live.report = report;
        live.seen = now;
        live.seen_wall = wall;
        if (!report.buffer_s) continue;
        const auto cell = cell_of(now);
        if (live.history.empty() || live.history.back().index != cell)
            live.history.push_back({cell, *report.buffer_s});
        live.history.back().lowest = std::min(live.history.back().lowest, *report.buffer_s);
        while (live.history.front().index <= cell - kCells) live.history.pop_front();
    }
}

void RoomBoard::stall_ended(const StoredEvent& stall, WallTime wall) {
    const auto& e = stall.event;
    auto& past = past_[e.room];
    if (!past.last_stall || past.last_stall->begin <= e.begin)
        past.last_stall = StallReport{e.begin, e.end, e.seconds.value_or(0), e.cls, stall.hop(), e.share};
    const auto today = local_date(wall);
    if (past.day != today) past.day = today, past.today = {};
    if (local_date(e.begin) != today) return;
    ++past.today.stalls;
    past.today.stalled_s += e.seconds.value_or(0);
}

void RoomBoard::stall_settled(const StoredEvent& stall) {
    auto& last = past_[stall.event.room].last_stall;
    if (last && last->begin == stall.event.begin) last->hop = stall.hop();
}

void RoomBoard::test_finished(const TestRecord& test) {
    if (test.verdict.empty()) return;
    auto& last = past_[test.room].last_test;
    const auto at = test.end.value_or(test.begin);
    if (!last || last->at <= at) last = LastTest{test.verdict, at};
}

bool RoomBoard::node_connected(const std::string& node, SteadyTime now) const {
    const auto known = nodes_.find(node);
    return known != nodes_.end() && known->second.seen && now - *known->second.seen <= config_.offline_after;
}

std::size_t RoomBoard::nodes_connected(SteadyTime now) const {
    return static_cast<std::size_t>(std::count_if(
        nodes_.begin(), nodes_.end(), [&](const auto& node) { return node_connected(node.first, now); }));
}

std::size_t RoomBoard::nodes_playing(SteadyTime now) const {
    std::set<std::string_view> playing;
    for (const auto& [id, live] : rooms_) {
        const auto state = live.report.state;
        const bool on = state == RoomState::playing || state == RoomState::low_buffer ||
                        state == RoomState::stalled || state == RoomState::out_of_slot;
        if (on && now - live.seen <= config_.offline_after) playing.insert(live.node);
    }
    return playing.size();
}

RoomBoard::Place RoomBoard::place_of(const Room& room, SteadyTime now) const {
    const auto live = rooms_.find(room.id);
    const auto* known = live == rooms_.end() ? nullptr : &live->second;
    std::string site = known != nullptr ? known->node : "";
    if (nodes_.count(site) == 0) {
        const auto any = std::find_if(nodes_.begin(), nodes_.end(),
                                      [&](const auto& node) { return node.second.county == room.county; });
        if (any == nodes_.end()) return {RoomState::never_enrolled, std::nullopt, "", nullptr};
        site = any->first;
        known = nullptr;
    }
    const auto& node = nodes_.at(site);
    if (!node.seen_wall) return {RoomState::never_enrolled, std::nullopt, site, known};
    if (!node_connected(site, now)) return {RoomState::offline, node.seen_wall, site, known};
    if (known == nullptr) return {RoomState::never_enrolled, std::nullopt, site, nullptr};
    if (now - known->seen > config_.offline_after) return {RoomState::offline, known->seen_wall, site, known};
    return {known->report.state, known->report.since, site, known};
}

RoomState RoomBoard::state_of(const Room& room, SteadyTime now) const { return place_of(room, now).state; }

std::vector<std::optional<double>> RoomBoard::history_of(const RoomLive& live, SteadyTime now) const {
    const auto newest = cell_of(now);
    std::vector<std::optional<double>> cells;
    for (const auto& cell : live.history) {
        if (cell.index <= newest - kCells) continue;
        if (cells.empty()) cells.resize(static_cast<std::size_t>(newest - cell.index) + 1);
        cells[cells.size() - 1 - static_cast<std::size_t>(newest - cell.index)] = cell.lowest;
    }
    return cells;
}

RoomSummary RoomBoard::summary(const Room& room, SteadyTime now, WallTime wall) const {
    RoomSummary out;
    out.id = room.id;
    out.name = room.name;
    out.county = room.county;
    const auto* county = roster_ ? roster_->county(room.county) : nullptr;
    out.county_name = county == nullptr ? room.county : county->name;
    out.contact = room.contact;
    const auto place = place_of(room, now);
    out.state = place.state;
    out.since = place.since;
    out.site = place.site;
    out.target_s = config_.default_target_s;
    if (place.live != nullptr) {
        out.buffer_history = history_of(*place.live, now);
        if (place.live->report.target_s > 0) out.target_s = place.live->report.target_s;
    }
    if (place.live != nullptr && place.state != RoomState::offline) {
        const auto& report = place.live->report;
        out.buffer_s = report.buffer_s;
        out.open_stall = report.open_stall;
        if (report.started_at)
            out.minutes_since_start = std::max<std::int64_t>(
                0, std::chrono::floor<std::chrono::minutes>(wall - *report.started_at).count());
    }
    if (const auto past = past_.find(room.id); past != past_.end()) {
        if (past->second.day == local_date(wall)) out.today = past->second.today;
        out.last_stall = past->second.last_stall;
        out.last_test = past->second.last_test;
    }
    const auto* teacher = roster_ ? roster_->teacher_of(room.id) : nullptr;
    out.advice = advice(out, place.live == nullptr ? std::nullopt : std::optional{place.live->report.state},
                        teacher == nullptr ? "" : teacher->name, config_.help_phone);
    return out;
}

}  // namespace tongke::relay
