// Maps a page's performance.now() to the node's steady clock. Each batch gives
// one upper bound of the offset (arrival − sent = offset + transit ≥ offset);
// the lower envelope of them is the estimate. Nothing maps later than it
// arrived, nor earlier than `floor` (the lease or the test cannot be older).
#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "player/qoe/types.hpp"

namespace tongke::qoe {

class ClockMap {
  public:
    explicit ClockMap(SteadyTime floor) : floor_(floor) {}

    /// One batch: sent at page time `sent`, in hand at `arrival`.
    void observe(Micros sent, SteadyTime arrival);
    bool ready() const { return best_.has_value(); }
    SteadyTime to_node(Micros page_time) const;
    /// How far off to_node() may be: the transit's spread above its own minimum.
    Micros bound() const;
    std::int64_t steps() const { return steps_; }  // the page's clock jumped against ours
    SteadyTime floor() const { return floor_; }

  private:
    struct Point {
        SteadyTime arrival;
        Micros offset;
    };
    void follow_step(SteadyTime arrival);

    SteadyTime floor_;
    std::optional<Point> best_;
    std::deque<Point> recent_;
    SteadyTime newest_arrival_{};
    std::int64_t steps_ = 0;
};

}  // namespace tongke::qoe
