// When each picture of the test channel is due and what its time code says: on
// a grid of whole pictures of UTC, however late the thread wakes; behind by more
// than a second it leaves pictures out, and it follows a wall clock that is set,
// in whole pictures. Pure: times come in.
#pragma once
#include <cstdint>

#include "common/signal/time_code.hpp"
#include "common/time/clock.hpp"

namespace tongke::relay {

class Pace {
  public:
    /// `fps` divides 1000.
    Pace(SteadyTime now, WallTime wall, int fps);

    struct Due {
        SteadyTime at{};
        std::int64_t index = 0;  // since the start; rises by more than one where pictures were left out
        signal::TimeCode code;
    };
    /// The picture after the last one; `now` and `wall` are one moment.
    Due next(SteadyTime now, WallTime wall);

    /// UTC in microseconds at a moment of the channel's own time, which began at 0.
    std::int64_t utc_us(std::int64_t media_us) const;
    std::uint64_t left_out() const { return left_out_; }

  private:
    std::int64_t picture_ms_;
    SteadyTime begin_;           // when picture 0 was due
    std::int64_t utc_begin_ms_;  // what its time code says; moves when the wall clock is set
    std::uint32_t first_number_;
    std::int64_t next_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace tongke::relay
