#include "relay/stream/timeline.hpp"

#include <algorithm>

namespace tongke::relay {
namespace {

// Tracks are interleaved with up to this much slack; a step beyond it, either
// way, that the wall clock does not explain is the encoder's clock jumping.
constexpr std::int64_t kSlackMs = 3000;

// A run begins where its publisher's timestamps do, unless readers would meet
// the end of 31 or 32 bits within 12 days: GStreamer 1.22 (flvdemux) takes that
// for a return to before its segment and shows nothing any more. The slack
// keeps the other track's first frames above zero.
constexpr std::uint32_t kHighestStart = 1U << 30U;
std::int64_t start_of_run(std::uint32_t timestamp) {
    return timestamp < kHighestStart ? timestamp : kSlackMs;
}

}  // namespace

Timeline::Placed Timeline::place(TrackKind kind, std::uint32_t timestamp, SteadyTime arrival) {
    Placed placed;
    if (!started_ || rebase_) {
        placed.dts_ms = started_ ? after_absence(arrival) : start_of_run(timestamp);
        placed.gap_ms = started_ ? placed.dts_ms - newest_ : 0;
        rebase(timestamp, placed.dts_ms);
    } else {
        raw_ += static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(raw_));
        placed.dts_ms = raw_ + offset_;
        if (unexplained(placed.dts_ms, arrival)) {
            placed.dts_ms = after_absence(arrival);
            placed.repaired = true;
            rebase(timestamp, placed.dts_ms);
        }
    }
    auto& last = last_[static_cast<std::size_t>(kind)];
    auto& was_put = last_was_put_[static_cast<std::size_t>(kind)];
    if (last && placed.dts_ms <= *last) {
        if (was_put && kind == TrackKind::audio) return late(placed);
        placed.repaired = placed.repaired || (!was_put && placed.dts_ms > put_end_);
        placed.dts_ms = *last + 1;
    }
    was_put = false;
    last = placed.dts_ms;
    newest_ = started_ ? std::max(newest_, placed.dts_ms) : placed.dts_ms;
    started_ = true;
    last_arrival_ = arrival;
    repairs_ += placed.repaired;
    return placed;
}

Timeline::Placed Timeline::put(TrackKind kind, std::int64_t dts_ms, SteadyTime arrival) {
    auto& last = last_[static_cast<std::size_t>(kind)];
    if (last && dts_ms <= *last) {
        if (kind == TrackKind::audio) return late({dts_ms});
        dts_ms = *last + 1;
    }
    last = dts_ms;
    last_was_put_[static_cast<std::size_t>(kind)] = true;
    if (!started_ || dts_ms >= newest_) {
        newest_ = dts_ms;
        last_arrival_ = arrival;
    }
    started_ = true;
    return {dts_ms};
}

TimelineEdge Timeline::edge(std::uint32_t timestamp, SteadyTime arrival) const {
    if (started_) return {newest_, last_arrival_};
    return {start_of_run(timestamp) - 1, arrival - Milliseconds{1}};
}

void Timeline::anchor(std::uint32_t timestamp, std::int64_t dts_ms) {
    rebase(timestamp, dts_ms);
    put_end_ = newest_;
}

Timeline::Placed Timeline::late(Placed placed) {
    placed.late = true;
    return placed;
}

void Timeline::rebase(std::int64_t raw, std::int64_t dts_ms) {
    rebase_ = false;
    raw_ = raw;
    offset_ = dts_ms - raw;
}

bool Timeline::unexplained(std::int64_t dts_ms, SteadyTime arrival) const {
    const auto step = dts_ms - newest_;
    return step < -kSlackMs || step > kSlackMs + whole_ms(arrival - last_arrival_);
}

std::int64_t Timeline::after_absence(SteadyTime arrival) const {
    return newest_ + std::max<std::int64_t>(1, whole_ms(arrival - last_arrival_));
}

}  // namespace tongke::relay
