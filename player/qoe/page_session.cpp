#include "player/qoe/page_session.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tongke::qoe {

namespace {

constexpr std::size_t kHeldBatches = 256;
constexpr auto kGiveUpAfter = std::chrono::seconds{10};
constexpr auto kSilentAfter = std::chrono::seconds{5};
constexpr Micros kClockSlack{2'000'000};

std::string key_of(const std::string& page, const PlaybackEvent& e) {
    static constexpr const char* kNames[] = {"started",   "start_failed", "stall_begin",
                                             "stall_end", "freeze_begin", "freeze_end"};
    return page + ":" + kNames[static_cast<int>(e.kind)] + ":" + std::to_string(e.begin.count());
}

Micros newest_time(const BeaconBatch& b) { return b.samples.empty() ? Micros{0} : b.samples.back().at; }

}  // namespace

PageSession::PageSession(std::string page, SteadyTime floor, Definition definition)
    : page_(std::move(page)), clock_(floor), monitor_(definition) {}

// A page may have been hidden from us for hours and resend everything, but it
// cannot have played longer than its lease has existed.
Error PageSession::check(const BeaconBatch& batch, SteadyTime arrival) const {
    const auto first = first_at_.value_or(batch.samples.empty() ? batch.sent : batch.samples.front().at);
    const auto allowed = std::chrono::duration_cast<Micros>(arrival - clock_.floor()) + kClockSlack;
    if (newest_time(batch) - first > allowed) return BeaconError::clock_impossible;
    return {};
}

Result<Intake> PageSession::add(const BeaconBatch& batch, SteadyTime arrival) {
    Intake out;
    if (const auto error = check(batch, arrival)) return error;
    last_arrival_ = std::max(last_arrival_, arrival);
    if (finished_) return out;
    clock_.observe(batch.sent, arrival);
    if (!first_at_ && !batch.samples.empty()) first_at_ = batch.samples.front().at;
    if (!batch.samples.empty() && (!newest_ || batch.samples.back().at > newest_->at))
        newest_ = batch.samples.back();
    if (expected_ == 0) expected_ = batch.seq;
    if (batch.seq < expected_ || held_.count(batch.seq)) {
        ++duplicates_;
        return out;
    }
    held_.emplace(batch.seq, Held{batch, arrival});
    if (held_.size() > kHeldBatches) {
        lost_ += held_.begin()->first - expected_;
        expected_ = held_.begin()->first;
    }
    take_ready(out);
    return out;
}

void PageSession::take_ready(Intake& out) {
    for (auto next = held_.find(expected_); next != held_.end(); next = held_.find(expected_)) {
        take(next->second.batch, out);
        held_.erase(next);
        ++expected_;
    }
}

Intake PageSession::advance(SteadyTime now) {
    Intake out;
    if (held_.empty() || finished_) return out;
    const auto& oldest = *held_.begin();
    if (now - oldest.second.arrival < kGiveUpAfter) return out;
    lost_ += oldest.first - expected_;
    expected_ = oldest.first;
    take_ready(out);
    return out;
}

// Marks and samples of a batch, by time: a click comes before the samples that follow it.
void PageSession::take(const BeaconBatch& batch, Intake& out) {
    auto mark = batch.marks.begin();
    std::vector<PlaybackEvent> events;
    const auto add = [&](std::vector<PlaybackEvent> more) {
        events.insert(events.end(), more.begin(), more.end());
    };
    auto marks = batch.marks;
    std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.at < b.at; });
    mark = marks.begin();
    for (const auto& sample : batch.samples) {
        for (; mark != marks.end() && mark->at <= sample.at; ++mark) add(monitor_.add(*mark));
        add(monitor_.add(sample));
        if (sample.visible && sample.presented > 0)
            out.buffer.push_back({clock_.to_node(sample.at), sample.buffered_s});
    }
    for (; mark != marks.end(); ++mark) add(monitor_.add(*mark));
    for (const auto& f : batch.fetches)
        out.fetches.push_back({f.msn, f.bytes, clock_.to_node(f.begin), clock_.to_node(f.end), f.stored});
    emit(events, out);
}

void PageSession::emit(const std::vector<PlaybackEvent>& events, Intake& out) {
    using Kind = PlaybackEvent::Kind;
    for (const auto& e : events) {
        PageEvent mapped{.kind = e.kind,
                         .key = key_of(page_, e),
                         .begin = clock_.to_node(e.begin),
                         .end = {},
                         .length = e.length,
                         .buffered_s = e.buffered_s,
                         .media_pdt = e.media_pdt};
        // The begin that was told stays, even when the clock map got better since.
        if (e.kind == Kind::stall_begin) stall_begin_ = mapped.begin;
        if (e.kind == Kind::stall_end && stall_begin_)
            mapped.begin = *std::exchange(stall_begin_, std::nullopt);
        if (e.kind == Kind::freeze_begin) freeze_begin_ = mapped.begin;
        if (e.kind == Kind::freeze_end && freeze_begin_)
            mapped.begin = *std::exchange(freeze_begin_, std::nullopt);
        if (e.end) mapped.end = mapped.begin + (*e.end - e.begin);
        out.events.push_back(std::move(mapped));
    }
}

Intake PageSession::finish(SteadyTime at, State how) {
    Intake out;
    if (finished_) return out;
    while (!held_.empty()) {
        lost_ += held_.begin()->first - expected_;
        expected_ = held_.begin()->first;
        take_ready(out);
    }
    finished_ = true;
    const auto end = newest_ ? newest_->at : monitor_.state_since();
    // Still heard from: it went on playing until `at`. Silent: nobody knows after its last sample.
    const auto tail = heard(at) && clock_.ready()
                          ? std::chrono::duration_cast<Micros>(at - clock_.to_node(end))
                          : Micros{0};
    emit(monitor_.finish(end + std::max(Micros{0}, tail), how), out);
    return out;
}

bool PageSession::heard(SteadyTime now) const { return clock_.ready() && now - last_arrival_ < kSilentAfter; }

std::optional<SteadyTime> PageSession::newest_sample() const {
    if (!newest_ || !clock_.ready()) return {};
    return clock_.to_node(newest_->at);
}

std::optional<double> PageSession::buffer(SteadyTime now) const {
    if (!newest_ || !clock_.ready() || finished_) return {};
    const auto age = now - clock_.to_node(newest_->at);
    if (age >= kSilentAfter) return {};
    const auto moves = newest_->presented > 0 && !newest_->paused && !monitor_.stalling();
    const auto played = moves ? std::max(0.0, std::chrono::duration<double>(age).count()) : 0.0;
    return std::max(0.0, newest_->buffered_s - played);
}

std::optional<double> PageSession::latency(SteadyTime now, WallTime wall) const {
    if (!newest_ || !newest_->media_pdt || !heard(now) || finished_) return {};
    const auto age = std::chrono::duration_cast<Milliseconds>(now - clock_.to_node(newest_->at));
    if (age >= kSilentAfter) return {};
    const auto sampled = unix_ms(wall - age);
    return static_cast<double>(sampled - *newest_->media_pdt) / 1000.0;
}

std::optional<SteadyTime> PageSession::open_stall_begin() const { return stall_begin_; }

Micros PageSession::open_stalled(SteadyTime now) const {
    if (!stall_begin_ || !newest_) return Micros{0};
    // Without samples nothing is known to go on: only as far as the newest one, plus what a
    // page heard from must still be doing.
    const auto age = std::chrono::duration_cast<Micros>(now - clock_.to_node(newest_->at));
    const auto beyond = heard(now) ? std::clamp(age, Micros{0}, Micros{5'000'000}) : Micros{0};
    return monitor_.stalled_so_far(newest_->at + beyond);
}

}  // namespace tongke::qoe
