// When the main classroom's source sent nothing, seen at the relay: sampled
// once a second from the stream's newest frame number. Pure.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "relay/fleet/attribution.hpp"

namespace tongke::relay {

class SourceWatch {
  public:
    void sample(std::int64_t newest_frame, WallTime now);
    /// Gaps of more than a second in the last 10 minutes, an open one up to `now`.
    std::vector<SourceGap> gaps(WallTime now) const;

  private:
    std::int64_t frame_ = 0;  // 0: none seen yet
    WallTime moved_{};        // when it last rose
    std::deque<SourceGap> gaps_;
};

}  // namespace tongke::relay
