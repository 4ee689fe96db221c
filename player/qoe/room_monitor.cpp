#include "player/qoe/room_monitor.hpp"

#include <algorithm>

namespace tongke::qoe {

namespace {

constexpr std::size_t kRetiredKept = 16;

Micros in_state(const PlaybackMonitor& m, Micros now, State s) {
    return m.durations(now)[static_cast<std::size_t>(s)];
}
double to_s(Micros m) { return static_cast<double>(m.count()) / 1e6; }

// Everything but what the user did on purpose (CTA-2066 counts startup as watched).
Micros watched(const PlaybackMonitor& m, Micros now) {
    return in_state(m, now, State::starting) + in_state(m, now, State::playing) +
           in_state(m, now, State::stalled) + in_state(m, now, State::decoder_frozen);
}

void add_page(RoomTotals& t, const PageSession& page, Micros now) {
    const auto& m = page.monitor();
    t.played += in_state(m, now, State::playing);
    t.watched += watched(m, now);
    t.micro_stalls += m.totals().micro_stalls;
    t.freezes += m.totals().freezes;
    t.presented += m.totals().presented;
    t.dropped += m.totals().dropped;
    if (const auto least = m.totals().buffer_min_s)
        t.buffer_min_s = t.buffer_min_s ? std::min(*t.buffer_min_s, *least) : *least;
}

}  // namespace

RoomMonitor::RoomMonitor(const Ledger& ledger, SteadyTime floor, double target_s, Definition definition)
    : ledger_(ledger), floor_(floor), target_s_(target_s), definition_(definition) {}
RoomMonitor::~RoomMonitor() = default;

Result<RoomMonitor::Update> RoomMonitor::beacons(const BeaconBatch& batch, SteadyTime arrival) {
    Update out;
    if (std::find(retired_.begin(), retired_.end(), batch.page) != retired_.end()) return out;
    if (page_ && page_->page() != batch.page) retire(arrival, out);
    if (!page_) page_ = std::make_unique<PageSession>(batch.page, floor_, definition_);
    auto intake = page_->add(batch, arrival);
    if (!intake) {
        ++refused_;
        return intake.error();
    }
    absorb(std::move(*intake), arrival, out);
    return out;
}

RoomMonitor::Update RoomMonitor::advance(SteadyTime now) {
    Update out;
    if (page_) absorb(page_->advance(now), now, out);
    const auto level = page_ ? page_->buffer(now) : std::nullopt;
    const auto stalled = open_ && page_ && page_->monitor().stalling();
    health_.look(now, level, target_s_, stalled, throughput_ratio_);
    return out;
}

RoomMonitor::Update RoomMonitor::finish(SteadyTime now) {
    Update out;
    retire(now, out);
    return out;
}

// The page was replaced or the lesson is over. A page that went silent ends at its newest sample.
void RoomMonitor::retire(SteadyTime at, Update& out) {
    if (!page_) return;
    absorb(page_->finish(at), at, out);
    add_page(totals_, *page_, page_->monitor().state_since());
    retired_.push_back(page_->page());
    if (retired_.size() > kRetiredKept) retired_.erase(retired_.begin());
    page_.reset();
    open_.reset();
}

void RoomMonitor::absorb(Intake intake, SteadyTime now, Update& out) {
    for (const auto& f : intake.fetches) arrivals_.fetched(f.msn, f.begin, f.end);
    for (const auto& p : intake.buffer) history_.add(p.at, p.seconds);
    for (const auto& e : intake.events) absorb_event(e, now, out);
    out.fetches.insert(out.fetches.end(), intake.fetches.begin(), intake.fetches.end());
}

Verdict RoomMonitor::verdict_of(const PageEvent& e, SteadyTime now) const {
    return attribute({.begin = e.begin,
                      .end = e.end.value_or(now),
                      .stalled = e.length,
                      .buffered_s = e.buffered_s,
                      .media_pdt = e.media_pdt},
                     ledger_, arrivals_);
}

void RoomMonitor::absorb_event(const PageEvent& e, SteadyTime now, Update& out) {
    using Kind = PlaybackEvent::Kind;
    switch (e.kind) {
        case Kind::started:
            if (e.length <= Micros{0}) return;
            totals_.startup_s = to_s(e.length);
            out.startups_s.push_back(*totals_.startup_s);
            return;
        case Kind::start_failed: ++totals_.failed_starts; return;
        case Kind::freeze_begin: return;
        case Kind::freeze_end:
            out.events.push_back(
                {RoomEventOut::Kind::freeze, e.key, e.begin, e.end, e.length, {}, {Hop::pc, {}}});
            return;
        case Kind::stall_begin:
            open_ = e;
            out.events.push_back(
                {RoomEventOut::Kind::stall_begin, e.key, e.begin, {}, {}, {}, verdict_of(e, now)});
            return;
        case Kind::stall_end: break;
    }
    open_.reset();
    const auto verdict = verdict_of(e, now);
    const auto cls = definition_.class_of(e.length);
    last_ = StallRecord{e.begin, e.end, e.length, cls, verdict};
    ++totals_.stalls;
    totals_.stalled += e.length;
    ++totals_.stalls_by[{verdict.hop, cls}];
    totals_.stalled_by[verdict.hop] += e.length;
    out.events.push_back({RoomEventOut::Kind::stall_end, e.key, e.begin, e.end, e.length, cls, verdict});
}

std::optional<StallRecord> RoomMonitor::open_stall(SteadyTime now) const {
    if (!open_ || !page_) return {};
    auto so_far = *open_;
    so_far.length = std::max(open_->length, page_->open_stalled(now));
    return StallRecord{
        so_far.begin, {}, so_far.length, definition_.class_of(so_far.length), verdict_of(so_far, now)};
}

RoomTotals RoomMonitor::totals(SteadyTime now) const {
    auto t = totals_;
    if (!page_) return t;
    if (open_) {
        t.open_stalls = 1;
        t.open_stalled = std::max(open_->length, page_->open_stalled(now));
    }
    const auto newest = page_->newest_sample();
    const auto& m = page_->monitor();
    // The open state goes on as long as the page is heard from.
    auto page_now = m.last_advance();
    if (newest && m.session_begin()) {
        const auto age = page_->heard(now) ? std::chrono::duration_cast<Micros>(now - *newest) : Micros{0};
        page_now = std::max(page_now, page_->newest_page_time() + std::max(Micros{0}, age));
    }
    add_page(t, *page_, page_now);
    return t;
}

RoomSnapshot RoomMonitor::snapshot(SteadyTime now, WallTime wall) const {
    RoomSnapshot s;
    s.totals = totals(now);
    s.last = last_;
    s.health = health_.shown();
    s.open = open_stall(now);
    if (!page_) return s;
    if (page_->heard(now)) {
        s.state = page_->monitor().state();
        s.since = page_->to_node(page_->monitor().state_since());
    }
    s.buffer_s = page_->buffer(now);
    s.latency_s = page_->latency(now, wall);
    if (s.latency_s) s.latency_bound_s = to_s(page_->clock().bound()) + 0.05;
    if (s.buffer_s && !open_)
        if (const auto slope = history_.slope(now)) s.stall_in_s = seconds_until_stall(*s.buffer_s, *slope);
    return s;
}

}  // namespace tongke::qoe
