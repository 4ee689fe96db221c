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

std::optional<double> Rates::add(const Frame& frame) {
    const bool video = frame.kind == TrackKind::video;
    const auto second = second_of(frame.arrival);
    if (cells_.empty() || cells_.back().second != second) {
        cells_.emplace_back();
        cells_.back().second = second;
    }
    auto& cell = cells_.back();
    cell.bytes += frame.payload->size();
    ++(video ? cell.pictures : cell.sounds);
    note_order(frame, cell);
    while (cells_.front().second < second - kWindowSeconds) cells_.pop_front();

    if (!begun_) begun_ = frame.arrival;
    if (video && !std::exchange(has_video_, true)) last_.reset();
    if (has_video_ != video) return std::nullopt;
    const auto before = std::exchange(last_, frame.arrival);
    if (!before) return std::nullopt;
    const auto gap = Seconds(frame.arrival - *before).count();
    note_gap(gap, frame.arrival);
    return gap;
}

void Rates::note_order(const Frame& frame, Cell& cell) {
    newest_dts_ms_[static_cast<std::size_t>(frame.kind)] = frame.dts_ms;
    const auto& [video, audio] = newest_dts_ms_;
    if (video && audio) {
        cell.skew_ms += *audio - *video;
        ++cell.skews;
    }
    if (frame.kind != TrackKind::video) return;
    cell.reordered += newest_pts_ms_ && frame.pts_ms() < *newest_pts_ms_;
    newest_pts_ms_ = std::max(newest_pts_ms_.value_or(frame.pts_ms()), frame.pts_ms());
}

void Rates::restart() {
    last_.reset();
    begun_.reset();
    newest_dts_ms_ = {};
    newest_pts_ms_.reset();
}

SteadyTime::duration Rates::age(SteadyTime now) const {
    return begun_ ? now - *begun_ : SteadyTime::duration::zero();
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

template <class Value>
auto Rates::sum(SteadyTime now, Value value) const {
    decltype(value(cells_.front())) sum{};
    const auto running = second_of(now);
    for (const auto& cell : cells_)
        if (cell.second >= running - kWindowSeconds && cell.second < running) sum += value(cell);
    return sum;
}

/// The mean over the whole seconds of the window; the running one does not count yet.
template <class Value>
double Rates::per_second(SteadyTime now, Value value) const {
    const auto running = second_of(now);
    const auto first = std::find_if(cells_.begin(), cells_.end(), [&](const Cell& cell) {
        return cell.second >= running - kWindowSeconds && cell.second < running;
    });
    if (first == cells_.end()) return 0;
    return sum(now, value) / static_cast<double>(running - first->second);
}

std::uint64_t Rates::bitrate_bps(SteadyTime now) const {
    return static_cast<std::uint64_t>(
        per_second(now, [](const Cell& cell) { return static_cast<double>(cell.bytes) * 8; }));
}

double Rates::sounds_per_second(SteadyTime now) const {
    return per_second(now, [](const Cell& cell) { return static_cast<double>(cell.sounds); });
}

bool Rates::b_frames(SteadyTime now) const {
    return sum(now, [](const Cell& cell) { return cell.reordered; }) > 0;
}

std::optional<double> Rates::av_skew_s(SteadyTime now) const {
    // A track that has ended says nothing of the other.
    const auto both = [](const Cell& cell) { return cell.pictures > 0 && cell.sounds > 0; };
    const auto count = sum(now, [&](const Cell& cell) { return both(cell) ? cell.skews : 0; });
    if (count == 0) return std::nullopt;
    const auto skew = sum(now, [&](const Cell& cell) { return both(cell) ? cell.skew_ms : 0; });
    return static_cast<double>(skew) / count / 1000;
}

double Rates::fps(SteadyTime now) const {
    return per_second(now, [](const Cell& cell) { return static_cast<double>(cell.pictures); });
}

}  // namespace tongke::relay
