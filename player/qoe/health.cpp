#include "player/qoe/health.hpp"

#include <algorithm>

namespace tongke::qoe {

namespace {

constexpr auto kCell = std::chrono::seconds{10};
constexpr std::int64_t kCells = 60;
constexpr auto kSlopeWindow = std::chrono::seconds{5};
constexpr auto kPointsKept = std::chrono::seconds{60};
constexpr double kForecastMost = 60;

std::int64_t cell_index(SteadyTime t) { return t.time_since_epoch() / kCell; }
double seconds(SteadyTime::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

std::string_view to_string(Health h) {
    switch (h) {
        case Health::unknown: return "unknown";
        case Health::green: return "green";
        case Health::yellow: return "yellow";
        case Health::red: return "red";
    }
    return "unknown";
}

Health RoomHealth::raw(std::optional<double> buffer_s, double target_s, bool stalled,
                       std::optional<double> ratio) const {
    if (stalled) return Health::red;
    if (!buffer_s || target_s <= 0) return Health::unknown;
    if (*buffer_s < thresholds_.yellow * target_s) return Health::red;
    if (*buffer_s < thresholds_.green * target_s) return Health::yellow;
    return ratio && *ratio < thresholds_.throughput ? Health::yellow : Health::green;
}

Health RoomHealth::look(SteadyTime now, std::optional<double> buffer_s, double target_s, bool stalled,
                        std::optional<double> throughput_ratio) {
    const auto seen = raw(buffer_s, target_s, stalled, throughput_ratio);
    if (seen != wanted_) {
        wanted_ = seen;
        wanted_since_ = now;
    }
    // A stall and silence are facts with thresholds of their own; only levels are held.
    const auto at_once = stalled || seen == Health::unknown || shown_ == Health::unknown;
    if (at_once || now - wanted_since_ >= thresholds_.hold) shown_ = wanted_;
    return shown_;
}

std::optional<double> seconds_until_stall(double buffer_s, double slope) {
    if (slope > -0.02) return {};
    const auto left = buffer_s / -slope;
    if (left > kForecastMost) return {};
    return std::max(0.0, left);
}

std::optional<double> seconds_to_refill(double outage_s, double bitrate_bps, double capacity_bps) {
    if (capacity_bps <= bitrate_bps) return {};
    return outage_s * bitrate_bps / (capacity_bps - bitrate_bps);
}

void BufferHistory::add(SteadyTime at, double level) {
    const auto index = cell_index(at);
    auto cell = std::lower_bound(cells_.begin(), cells_.end(), index,
                                 [](const Cell& c, std::int64_t i) { return c.index < i; });
    if (cell != cells_.end() && cell->index == index)
        cell->minimum = std::min(cell->minimum, level);
    else
        cells_.insert(cell, {index, level});
    while (cells_.back().index - cells_.front().index >= kCells) cells_.pop_front();
    const auto after = std::upper_bound(points_.begin(), points_.end(), at,
                                        [](SteadyTime t, const auto& p) { return t < p.first; });
    points_.insert(after, {at, level});
    while (points_.back().first - points_.front().first > kPointsKept) points_.pop_front();
}

std::vector<std::optional<double>> BufferHistory::cells(SteadyTime now) const {
    std::vector<std::optional<double>> out;
    if (cells_.empty()) return out;
    const auto last = cell_index(now);
    for (auto i = std::max(cells_.front().index, last - kCells + 1); i <= last; ++i) {
        const auto cell =
            std::find_if(cells_.begin(), cells_.end(), [&](const Cell& c) { return c.index == i; });
        out.push_back(cell == cells_.end() ? std::optional<double>{} : cell->minimum);
    }
    return out;
}

std::optional<double> BufferHistory::minute_minimum(SteadyTime now) const {
    std::optional<double> least;
    for (const auto& [at, level] : points_)
        if (now - at <= std::chrono::seconds{60}) least = least ? std::min(*least, level) : level;
    return least;
}

std::optional<double> BufferHistory::slope(SteadyTime now) const {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (const auto& [at, level] : points_) {
        if (now - at > kSlopeWindow) continue;
        const auto x = seconds(at - now);
        n += 1, sx += x, sy += level, sxx += x * x, sxy += x * level;
    }
    const auto spread = n * sxx - sx * sx;
    if (n < 3 || spread < 1e-6) return {};
    return (n * sxy - sx * sy) / spread;
}

void BufferHistory::clear() {
    cells_.clear();
    points_.clear();
}

}  // namespace tongke::qoe
