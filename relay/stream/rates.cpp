#include "relay/stream/rates.hpp"

#include <algorithm>
#include <utility>

namespace tongke::relay {
namespace {

constexpr std::int64_t kWindowSeconds = 5;

std::int64_t second_of(SteadyTime t) {
    return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

}  // namespace

std::optional<double> Rates::add(TrackKind kind, std::size_t bytes, SteadyTime arrival) {
    const auto second = second_of(arrival);
    if (cells_.empty() || cells_.back().second != second) cells_.push_back({second, 0, 0});
    cells_.back().bytes += bytes;
    cells_.back().pictures += kind == TrackKind::video;
    while (cells_.front().second < second - kWindowSeconds) cells_.pop_front();

    if (kind == TrackKind::video && !std::exchange(has_video_, true)) last_.reset();
    if (has_video_ != (kind == TrackKind::video)) return std::nullopt;
    const auto before = std::exchange(last_, arrival);
    if (!before) return std::nullopt;
    const auto gap = Seconds(arrival - *before).count();
    note_gap(gap, arrival);
    return gap;
}

void Rates::note_gap(double seconds, SteadyTime arrival) {
    gaps_.over_100_ms += seconds > 0.1;
    gaps_.over_500_ms += seconds > 0.5;
    gaps_.over_2_s += seconds > 2;
    const auto minute = second_of(arrival) / 60;
    if (minute != worst_minute_) {
        worst_before_s_ = minute == worst_minute_ + 1 ? worst_now_s_ : 0;
        worst_now_s_ = 0;
        worst_minute_ = minute;
    }
    worst_now_s_ = std::max(worst_now_s_, seconds);
}

FrameGaps Rates::gaps() const {
    auto gaps = gaps_;
    gaps.worst_s = std::max(worst_now_s_, worst_before_s_);
    return gaps;
}

/// The mean over the whole seconds of the window; the running one does not count yet.
template <class Value>
double Rates::per_second(SteadyTime now, Value value) const {
    const auto running = second_of(now);
    double sum = 0;
    std::int64_t first = running;
    for (const auto& cell : cells_) {
        if (cell.second < running - kWindowSeconds || cell.second >= running) continue;
        first = std::min(first, cell.second);
        sum += value(cell);
    }
    return first == running ? 0 : sum / static_cast<double>(running - first);
}

std::uint64_t Rates::bitrate_bps(SteadyTime now) const {
    return static_cast<std::uint64_t>(
        per_second(now, [](const Cell& cell) { return static_cast<double>(cell.bytes) * 8; }));
}

double Rates::fps(SteadyTime now) const {
    return per_second(now, [](const Cell& cell) { return static_cast<double>(cell.pictures); });
}

}  // namespace tongke::relay
