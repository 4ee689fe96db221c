// A room's colour, with hysteresis, and the forecast (QOE.md §3). Unknown is a
// state of its own: silence is never green. Pure.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "player/qoe/types.hpp"

namespace tongke::qoe {

enum class Health { unknown, green, yellow, red };
std::string_view to_string(Health h);

struct HealthThresholds {
    double green = 0.60;   // of the target, at least
    double yellow = 0.25;  // below it is red
    double throughput = 1.2;
    Micros hold{2'000'000};
};

class RoomHealth {
  public:
    explicit RoomHealth(HealthThresholds thresholds = {}) : thresholds_(thresholds) {}
    /// One look, a few times a second; returns the colour shown from now on.
    Health look(SteadyTime now, std::optional<double> buffer_s, double target_s, bool stalled,
                std::optional<double> throughput_ratio = {});
    Health shown() const { return shown_; }

  private:
    Health raw(std::optional<double> buffer_s, double target_s, bool stalled,
               std::optional<double> ratio) const;

    HealthThresholds thresholds_;
    Health shown_ = Health::unknown;
    Health wanted_ = Health::unknown;
    SteadyTime wanted_since_{};
};

/// Seconds until the buffer is empty at this slope (s of buffer per s); only when within 60 s.
std::optional<double> seconds_until_stall(double buffer_s, double slope);
/// Seconds to refill after an outage: ℓ·R/(C−R); empty when the path is not faster than the stream.
std::optional<double> seconds_to_refill(double outage_s, double bitrate_bps, double capacity_bps);

/// The buffer over time: its slope, the minimum per 10 s cell (60 of them) and per minute.
class BufferHistory {
  public:
    /// Late points are put in their own cell.
    void add(SteadyTime at, double seconds);
    std::vector<std::optional<double>> cells(SteadyTime now) const;  // oldest first, ≤ 60, 10 s each
    std::optional<double> minute_minimum(SteadyTime now) const;      // of the last 60 s
    std::optional<double> slope(SteadyTime now) const;               // least squares over the last 5 s
    void clear();

  private:
    struct Cell {
        std::int64_t index;
        double minimum;
    };
    std::deque<Cell> cells_;
    std::deque<std::pair<SteadyTime, double>> points_;
};

}  // namespace tongke::qoe
