// Who is told what a pull brings and how its line does, over whichever transport.
#pragma once
#include <string>

#include "common/hls/segment.hpp"
#include "common/pull/upstream.hpp"

namespace tongke::pull {

/// What a pull delivers; the controller stands behind it.
class PullSink {
  public:
    virtual ~PullSink() = default;
    virtual void pulled(hls::SharedSegment segment, const SegmentArrival& arrival) = 0;
    virtual void relay_answered(SteadyTime at, std::int64_t end_pdt_ms) = 0;
    virtual void line_lost(SteadyTime since, LostReason reason, const std::string& detail) = 0;
    virtual void line_back(SteadyTime at) = 0;
    /// The relay answers, but has no such stream now.
    virtual void no_stream_yet() = 0;
    virtual void raced() = 0;
};

}  // namespace tongke::pull
