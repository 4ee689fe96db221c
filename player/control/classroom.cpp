#include "player/control/classroom.hpp"

#include <algorithm>

namespace tongke::player {
namespace {

constexpr auto kFirstSamples =
    std::chrono::seconds{15};  // a cold start, then a page that is not heard is missed

double seconds(qoe::Micros t) { return std::chrono::duration<double>(t).count(); }

std::string_view type_of(qoe::RoomEventOut::Kind kind) {
    switch (kind) {
        case qoe::RoomEventOut::Kind::stall_begin: return "stall_begin";
        case qoe::RoomEventOut::Kind::stall_end: return "stall_end";
        case qoe::RoomEventOut::Kind::freeze: return "freeze";
    }
    return "stall_begin";
}

}  // namespace

Classroom::Classroom(std::string id, const MediaChannel& lesson, EventLog& events, NodeMetrics& metrics,
                     const Clock& clock)
    : id_(std::move(id)),
      lesson_(lesson),
      events_(events),
      metrics_(metrics),
      clock_(clock),
      state_since_(clock.wall()) {
    metrics_.room(id_);
}

void Classroom::begin(const Lease& lease) {
    const auto clocks = read_clocks(clock_);
    // A wall clock that was set back since makes the lease younger than its own beacons: at most now.
    const auto floor = std::min(clocks.to_steady(lease.started), clocks.steady);
    monitor_ = std::make_unique<qoe::RoomMonitor>(lesson_.ledger(), floor, lesson_.target_seconds());
    account_ = lease.account;
    started_ = lease.started;
    begun_ = clocks.steady;  // after a restart, too: its page finds the node again within seconds
    counted_ = {};
    last_.reset();
    events_.add({.room = id_,
                 .type = "playback_start",
                 .key = id_ + ":start:" + std::to_string(unix_ms(lease.started)),
                 .begin = lease.started});
}

void Classroom::end(WallTime at) {
    if (monitor_) {
        absorb(monitor_->finish(clock_.now()), false);
        count();
        finished_ = monitor_->totals(clock_.now());
        last_ = monitor_->snapshot(clock_.now(), clock_.wall()).last;
    }
    events_.add({.room = id_, .type = "playback_stop", .key = {}, .begin = at, .end = at});
    monitor_.reset();
    started_.reset();
    begun_.reset();
}

Error Classroom::beacons(const qoe::BeaconBatch& batch, SteadyTime arrival, bool replayed) {
    if (!monitor_) return {};
    // Recorded before the wall clock was set back: when that was by this clock, nobody knows.
    if (replayed && arrival > clock_.now()) return {};
    auto update = monitor_->beacons(batch, arrival);
    if (!update) return update.error();
    absorb(*update, replayed);
    return {};
}

void Classroom::absorb(const qoe::RoomMonitor::Update& update, bool replayed) {
    for (const auto& event : update.events) spool(event, replayed);
    if (replayed) return;
    for (const auto startup : update.startups_s) metrics_.startup(startup);
}

void Classroom::spool(const qoe::RoomEventOut& event, bool replayed) {
    const auto clocks = read_clocks(clock_);
    EventIn in;
    in.room = id_;
    in.type = type_of(event.kind);
    in.key = id_ + ":" + event.key;
    in.begin = clocks.to_wall(event.begin);
    if (event.end) in.end = clocks.to_wall(*event.end);
    if (event.length) in.seconds = seconds(*event.length);
    in.stall_class = event.stall_class;
    in.hop = event.verdict.hop;
    in.share = event.verdict.share;
    const bool fresh = events_.add(in);
    if (fresh && !replayed && event.kind == qoe::RoomEventOut::Kind::stall_end && event.stall_class &&
        in.seconds)
        metrics_.stalled(id_, event.verdict.hop, *event.stall_class, *in.seconds);
}

void Classroom::count() {
    const auto now = totals();
    metrics_.played(id_, std::max(0.0, seconds(now.played - counted_.played)));
    metrics_.freezes(id_, static_cast<double>(std::max<std::int64_t>(0, now.freezes - counted_.freezes)));
    metrics_.dropped(id_, static_cast<double>(std::max<std::int64_t>(0, now.dropped - counted_.dropped)));
    counted_ = now;
}

qoe::RoomTotals Classroom::totals() const { return monitor_ ? monitor_->totals(clock_.now()) : finished_; }

Observed Classroom::observe(const qoe::RoomSnapshot& snapshot, bool testing) const {
    Observed seen;
    seen.started = monitor_ != nullptr;
    seen.testing = testing;
    seen.page_heard = snapshot.state.has_value();
    seen.just_started = begun_ && clock_.now() - *begun_ < kFirstSamples;
    seen.stalled = snapshot.open.has_value() || snapshot.state == qoe::State::stalled;
    seen.low_buffer = snapshot.health == qoe::Health::yellow || snapshot.health == qoe::Health::red;
    return seen;
}

void Classroom::advance(const Bundle& bundle, bool testing) {
    qoe::RoomSnapshot snapshot;
    if (monitor_) {
        monitor_->aim_at(lesson_.target_seconds());
        absorb(monitor_->advance(clock_.now()), false);
        count();
        snapshot = monitor_->snapshot(clock_.now(), clock_.wall());
    }
    const auto state = room_state_of(schedule_of(bundle, id_, clock_.wall()), observe(snapshot, testing));
    if (state != state_) {
        state_ = state;
        state_since_ = clock_.wall();
    }
    show_gauges();
}

void Classroom::show_gauges() {
    const auto snapshot = monitor_ ? monitor_->snapshot(clock_.now(), clock_.wall()) : qoe::RoomSnapshot{};
    metrics_.buffer(id_, "pc", snapshot.buffer_s);
    metrics_.buffer(id_, "node", lesson_.node_buffer(clock_.now()));
    metrics_.latency(id_, snapshot.latency_s);
}

Classroom::Measured Classroom::measured() const {
    Measured m;
    m.state = state_;
    m.state_since = state_since_;
    m.node_buffer_s = lesson_.node_buffer(clock_.now());
    m.target_s = lesson_.target_seconds();
    m.last = last_;
    const auto sums = totals();
    m.stalls = sums.stalls;
    m.stalled_s = seconds(sums.stalled);
    m.played_s = seconds(sums.played);
    if (!monitor_) return m;
    const auto snapshot = monitor_->snapshot(clock_.now(), clock_.wall());
    m.pc_buffer_s = snapshot.buffer_s;
    m.latency_s = snapshot.latency_s;
    m.latency_bound_s = snapshot.latency_bound_s;
    m.stall_in_s = snapshot.stall_in_s;
    m.open = snapshot.open;
    m.last = snapshot.last;
    m.buffer_history = monitor_->buffer_history(clock_.now());
    m.started = started_;
    return m;
}

}  // namespace tongke::player
