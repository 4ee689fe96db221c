// Segments as MPEG transport stream through libavformat (ISO/IEC 13818-1), for
// players that know no fMP4. Each segment begins with its tables, and with the
// parameter sets where it begins with an IDR picture (one that was cut off-keyframe
// has none, CONTRACT.md §5); the continuity counters run on from one to the next,
// so that segments played in a row are one stream. One per rendition; not for two
// threads at once.
#pragma once
#include <map>
#include <span>

#include "common/av/sample.hpp"
#include "common/base/result.hpp"

namespace tongke::av {

class TsMuxer {
  public:
    /// Samples of each track in decoding order. Timestamps are the timeline in
    /// 90 kHz, modulo 2^33.
    Result<Bytes> mux(const Tracks& tracks, std::span<const Sample> samples);

  private:
    void count_on(Bytes& packets);
    std::map<int, std::uint8_t> next_counter_;  // by PID
};

}  // namespace tongke::av
