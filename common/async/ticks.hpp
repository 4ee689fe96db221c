// When something that happens again and again happens next. All that share a
// period, or a multiple of it, happen in one turn of a thread: an idle process
// wakes for its fastest tick and for nothing between.
#pragma once
#include "common/time/clock.hpp"

namespace tongke::async {

/// The first whole multiple of `period` (> 0) on the steady clock that lies after `now`.
constexpr SteadyTime next_tick(SteadyTime now, SteadyTime::duration period) {
    const auto since = now.time_since_epoch();
    return now + (period - since % period);
}

}  // namespace tongke::async
