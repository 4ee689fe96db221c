#include "relay/fleet/fleet.hpp"

#include <algorithm>
#include <utility>

#include "common/auth/digest.hpp"
#include "common/auth/random.hpp"
#include "common/log/log.hpp"

namespace tongke::relay {
namespace {

constexpr auto kSeenWritten = std::chrono::seconds{30};
constexpr auto kRecentStalls = std::chrono::minutes{10};
constexpr auto kRememberedDays = std::chrono::hours{7 * 24};

std::string_view word_of(NodeStore::Refusal refusal) {
    switch (refusal) {
        case NodeStore::Refusal::none: return "";
        case NodeStore::Refusal::unknown_code: return "unknown_code";
        case NodeStore::Refusal::expired_code: return "expired_code";
        case NodeStore::Refusal::used_code: return "used_code";
    }
    return "unknown_code";
}

}  // namespace

Fleet::Fleet(store::Database& database, const Clock& clock, metrics::Metrics& metrics,
             const auth::SigningKey& key, FleetConfig config)
    : clock_(clock),
      metrics_(metrics),
      db_(database),
      config_(std::move(config)),
      nodes_store_(database),
      records_(database),
      office_(nodes_store_, key, config_.bundle),
      board_(config_.board) {}

Result<void> Fleet::load() {
    if (auto ok = nodes_store_.migrate(); !ok) return ok;
    if (auto ok = records_.migrate(); !ok) return ok;
    load_nodes();
    const auto now = clock_.wall();
    const auto stalls = records_.stalls_between(now - kRememberedDays, now + std::chrono::hours{24});
    if (!stalls) return stalls.error();
    for (const auto& stall : *stalls) board_.stall_ended(stall, now);
    const auto tests = records_.last_tests();
    if (!tests) return tests.error();
    for (const auto& test : *tests) board_.test_finished(test.test);
    auto open = records_.unsettled();
    if (!open) return open.error();
    for (auto& stall : *open) unsettled_.push_back({std::move(stall), clock_.now()});
    return {};
}

void Fleet::load_nodes() {
    const auto stored = nodes_store_.nodes();
    if (!stored) return;
    for (const auto& node : *stored) {
        auto& known = nodes_[node.id];
        if (known.node.public_key != node.public_key) {
            auto key = auth::VerifyKey::from_pem(node.public_key);
            known.key = key ? std::optional{*key} : std::nullopt;
        }
        known.node = node;
    }
    board_.set_nodes(*stored);
}

void Fleet::set_roster(std::shared_ptr<const Roster> roster) {
    roster_ = std::move(roster);
    board_.set_roster(roster_);
    office_.changed();
    ++generation_;
    for (const auto& [id, room] : roster_->rooms) changed_.insert(id);
}

void Fleet::set_schedule(std::vector<Slot> schedule) {
    schedule_ = std::move(schedule);
    office_.changed();
    ++generation_;
}

Result<Fleet::Enrolment> Fleet::enrol(std::string_view code, std::string_view csr_pem) {
    const auto csr = auth::read_csr(csr_pem);
    if (!csr) return Enrolment{"bad_csr", {}};
    const auto hash = auth::sha256_hex(auth::normalised_code(code));
    auto outcome = nodes_store_.enrol(hash, csr->key.pem(), clock_.wall());
    if (!outcome) return outcome.error();
    if (outcome->refusal == NodeStore::Refusal::none) {
        load_nodes();
        for (const auto& [id, room] : roster_->rooms)
            if (room.county == outcome->node.county) changed_.insert(id);
    }
    return Enrolment{std::string{word_of(outcome->refusal)}, std::move(outcome->node)};
}

Result<std::string> Fleet::verify(std::string_view token, const auth::SignedRequest& request) {
    const auto keys = [this](std::string_view id) -> std::optional<auth::VerifyKey> {
        const auto known = nodes_.find(id);
        if (known == nodes_.end() || known->second.node.revoked) return std::nullopt;
        return known->second.key;
    };
    return auth::verify_node_request(token, keys, request, clock_.wall(), replay_);
}

const Node* Fleet::node(std::string_view id) const {
    const auto known = nodes_.find(id);
    return known == nodes_.end() || known->second.node.revoked ? nullptr : &known->second.node;
}

Result<StoredBundle> Fleet::bundle(const Node& node) {
    return office_.current(node, *roster_, schedule_, clock_.wall());
}

Result<Fleet::Accepted> Fleet::accept(const Node& node, const Telemetry& sent) {
    auto telemetry = sent;
    // A node speaks for its own county only; what it says of others is left out like any wrong record.
    const auto foreign = [&](const auto& record) {
        return !record.room.empty() && std::string_view{record.room}.substr(0, 6) != node.county;
    };
    const auto dropped = std::erase_if(telemetry.events, foreign) + std::erase_if(telemetry.tests, foreign);
    telemetry.left_out += static_cast<int>(dropped);
    const auto now = clock_.wall();
    auto stored = records_.store(node.id, telemetry, now);
    if (!stored) return stored.error();
    if (telemetry.left_out > 0) {
        log::warn("fleet", "{} records of {} left out: wrong or of another county", telemetry.left_out,
                  node.id);
        metrics_.counter("tongke_refused_total", "What was refused, by reason.", {{"reason", "bad_record"}})
            .Increment(telemetry.left_out);
    }
    board_.report(node.id, telemetry, clock_.now(), now);
    for (const auto& report : telemetry.rooms) {
        const auto* room = roster_->room(report.id);
        if (room == nullptr || room->county != node.county) continue;
        changed_.insert(report.id);
        shown_[report.id] = board_.state_of(*room, clock_.now());
        count_playback(node.id, report);
    }
    for (const auto& fresh : stored->fresh) {
        if (fresh.event.type != "stall_end") continue;
        board_.stall_ended(fresh, now);
        changed_.insert(fresh.event.room);
        // The others' reports of the same moment need two windows to come in.
        unsettled_.push_back({fresh, clock_.now() + 2 * config_.bundle.telemetry_window});
        // A node's clock may be years ahead: what it says has ended has ended by now.
        recent_.push_back({fresh.node, fresh.event.room, fresh.event.begin,
                           std::min(fresh.event.end.value_or(now), now), fresh.event.hop});
    }
    for (const auto& test : telemetry.tests) {
        board_.test_finished(test);
        changed_.insert(test.room);
    }
    auto& known = nodes_.at(node.id);
    known.node.last_seen = now;
    known.node.last_boot = telemetry.boot;
    known.seen_pending = true;
    return Accepted{telemetry.boot, stored->acknowledged};
}

void Fleet::source_sampled(std::int64_t newest_frame) { source_.sample(newest_frame, clock_.wall()); }

std::vector<StallSpan> Fleet::recent_spans() const {
    std::vector<StallSpan> spans(recent_.begin(), recent_.end());
    for (const auto& [id, room] : roster_->rooms) {
        const auto summary = board_.summary(room, clock_.now(), clock_.wall());
        if (summary.open_stall)
            spans.push_back(
                {summary.site, id, summary.open_stall->begin, clock_.wall(), summary.open_stall->hop});
    }
    return spans;
}

void Fleet::settle(const StoredEvent& stall) {
    const auto& e = stall.event;
    const StallSpan span{stall.node, e.room, e.begin, e.end.value_or(e.begin), e.hop};
    auto settled = stall;
    settled.final_hop =
        final_hop(span, recent_spans(), board_.nodes_playing(clock_.now()), source_.gaps(clock_.wall()));
    if (auto ok = records_.settle(stall.position, *settled.final_hop); !ok) return;
    metrics_
        .counter("tongke_room_stalls_total", "Stalls of a room, by the relay's final verdict.",
                 {{"site", stall.node}, {"room", e.room}, {"hop", *settled.final_hop}, {"class", e.cls}})
        .Increment();
    board_.stall_settled(settled);
    changed_.insert(e.room);
}

void Fleet::settle_stalls() {
    const auto now = clock_.now();
    std::vector<Waiting> due;
    std::erase_if(unsettled_, [&](Waiting& waiting) {
        if (waiting.due > now) return false;
        due.push_back(std::move(waiting));
        return true;
    });
    for (const auto& waiting : due) settle(waiting.stall);
    forget_recent(clock_.wall());
}

/// One that ends in the future was taken before our own clock was set back: it must not hold up the rest.
void Fleet::forget_recent(WallTime now) {
    const auto past = [now](const StallSpan& span) {
        return span.end + kRecentStalls < now || span.end > now;
    };
    while (!recent_.empty() && past(recent_.front())) recent_.pop_front();
}

void Fleet::write_last_seen(bool all) {
    const auto now = clock_.wall();
    std::vector<KnownNode*> due;
    for (auto& [id, known] : nodes_) {
        if (known.seen_pending &&
            (all || now - known.seen_written >= kSeenWritten || now < known.seen_written))
            due.push_back(&known);
    }
    if (due.empty()) return;
    const auto done = db_.transaction([&]() -> Result<void> {
        for (const auto* known : due) {
            if (auto ok = nodes_store_.seen(known->node.id, *known->node.last_seen, known->node.last_boot);
                !ok)
                return ok;
        }
        return {};
    });
    for (auto* known : due) {
        known->seen_written = now;  // also after a failure: the next try is 30 s away
        if (done) known->seen_pending = false;
    }
}

void Fleet::count_rooms() {
    const auto now = clock_.now();
    std::map<RoomState, int> counts;
    for (const auto& [id, room] : roster_->rooms) {
        if (!room.active) continue;
        const auto state = board_.state_of(room, now);
        ++counts[state];
        const auto [shown, fresh] = shown_.try_emplace(id, state);
        if (!fresh && shown->second != state) changed_.insert(id);
        shown->second = state;
    }
    for (const auto state : all_room_states())
        metrics_.gauge("tongke_rooms", "Classrooms by state.", {{"state", std::string{state_code(state)}}})
            .Set(counts[state]);
    metrics_.gauge("tongke_nodes_connected", "Nodes heard within the offline limit.")
        .Set(static_cast<double>(board_.nodes_connected(now)));
}

void Fleet::count_playback(const std::string& node, const RoomReport& report) {
    const auto more = counters_.since_last(node, report.id, {report.play_s, report.stalled_s});
    const metrics::Labels labels{{"site", node}, {"room", report.id}};
    if (more.play_s > 0)
        metrics_
            .counter("tongke_room_play_seconds_total", "Seconds a room played, as its node measured.", labels)
            .Increment(more.play_s);
    if (more.stalled_s > 0)
        metrics_
            .counter("tongke_room_stall_seconds_total", "Seconds a room stalled, as its node measured.",
                     labels)
            .Increment(more.stalled_s);
}

void Fleet::tick() {
    settle_stalls();
    if (!count_.due(clock_.now())) return;
    count_rooms();
    write_last_seen(false);
}

void Fleet::stop() { write_last_seen(true); }

RoomSummary Fleet::summary(const Room& room) const {
    return board_.summary(room, clock_.now(), clock_.wall());
}

std::set<std::string> Fleet::take_changed() { return std::exchange(changed_, {}); }

}  // namespace tongke::relay
