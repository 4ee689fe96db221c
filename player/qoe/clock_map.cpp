#include "player/qoe/clock_map.hpp"

#include <algorithm>
#include <vector>

namespace tongke::qoe {

namespace {

// Two quartz clocks differ by well under this; it lets the envelope rise again.
constexpr double kDriftPerSecond = 500e-6;
// A page whose computer slept: every batch for this long is later than the
// envelope by at least the step, and all by the same. Less is a slow network;
// less alike is a page working off what it could not send.
constexpr Micros kStepWindow{10'000'000};
constexpr Micros kStep{5'000'000};
constexpr Micros kStepSpread{1'000'000};
constexpr std::size_t kStepBatches = 5;

Micros micros(SteadyTime::duration d) { return std::chrono::duration_cast<Micros>(d); }

}  // namespace

void ClockMap::observe(Micros sent, SteadyTime arrival) {
    arrival = std::max(arrival, newest_arrival_);
    newest_arrival_ = arrival;
    const auto offset = micros(arrival.time_since_epoch()) - sent;
    recent_.push_back({arrival, offset});
    while (recent_.size() > 1 && arrival - recent_.front().arrival > kStepWindow) recent_.pop_front();
    if (!best_) {
        best_ = Point{arrival, offset};
        return;
    }
    const auto drift = Micros{static_cast<std::int64_t>(
        static_cast<double>(micros(arrival - best_->arrival).count()) * kDriftPerSecond)};
    best_ = Point{arrival, std::min(best_->offset + drift, offset)};
    follow_step(arrival);
}

void ClockMap::follow_step(SteadyTime arrival) {
    if (recent_.size() < kStepBatches || arrival - recent_.front().arrival < kStepWindow / 2) return;
    const auto [least, most] = std::minmax_element(
        recent_.begin(), recent_.end(), [](const Point& a, const Point& b) { return a.offset < b.offset; });
    if (least->offset - best_->offset < kStep || most->offset - least->offset > kStepSpread) return;
    best_->offset = least->offset;
    ++steps_;
}

SteadyTime ClockMap::to_node(Micros page_time) const {
    if (!best_) return floor_;
    const auto at = SteadyTime{std::chrono::duration_cast<SteadyTime::duration>(page_time + best_->offset)};
    return std::clamp(at, floor_, std::max(floor_, newest_arrival_));
}

Micros ClockMap::bound() const {
    // Half of the smallest transit cannot be told from an offset; on a LAN that is
    // milliseconds. What can be seen is how much the transits differ.
    if (!best_ || recent_.empty()) return Micros{0};
    auto offsets = std::vector<Micros>{};
    for (const auto& p : recent_) offsets.push_back(p.offset);
    const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
    std::nth_element(offsets.begin(), middle, offsets.end());
    return std::max(Micros{0}, *middle - best_->offset);
}

}  // namespace tongke::qoe
