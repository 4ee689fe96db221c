// When something that happens again and again happens next: at whole multiples of
// its period on the steady clock. All that share a period, or a multiple of it,
// happen in one turn of a thread, so that an idle process wakes for its fastest
// tick and for nothing between. Pure.
#pragma once
#include "common/time/clock.hpp"

namespace tongke {

/// The first whole multiple of `period` (> 0) on the steady clock that lies after `now`.
constexpr SteadyTime next_tick(SteadyTime now, SteadyTime::duration period) {
    const auto since = now.time_since_epoch();
    return now + (period - since % period);
}

/// For what is asked more often than it is to happen: once in each period, however late the one before was.
class Every {
  public:
    explicit Every(SteadyTime::duration period) : period_(period) {}

    bool due(SteadyTime now) {
        if (now < next_) return false;
        next_ = next_tick(now, period_);
        return true;
    }

  private:
    SteadyTime::duration period_;
    SteadyTime next_{};
};

}  // namespace tongke
