// Ingest health of one stream: bitrate and frame rate over the last seconds,
// gaps between arriving frames. Pure: arrival times come in with the frames.
#pragma once
#include <deque>
#include <optional>

#include "common/media/frame.hpp"
#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

class Rates {
  public:
    /// The gap to the frame of the same track before, in seconds; nothing for the first.
    std::optional<double> add(TrackKind kind, std::size_t bytes, SteadyTime arrival);
    /// The next frame comes from a new publisher: the time between is no gap of an encoder.
    void restart() { last_.reset(); }

    std::uint64_t bitrate_bps(SteadyTime now) const;
    double fps(SteadyTime now) const;
    FrameGaps gaps() const;

  private:
    /// Sums of one second of arrivals.
    struct Cell {
        std::int64_t second = 0;
        std::uint64_t bytes = 0;
        int pictures = 0;
    };
    void note_gap(double seconds, SteadyTime arrival);
    template <class Value>
    double per_second(SteadyTime now, Value value) const;

    std::deque<Cell> cells_;
    std::optional<SteadyTime> last_;  // arrival of the last video frame, or audio where there is no video
    bool has_video_ = false;
    FrameGaps gaps_;
    std::int64_t worst_minute_ = 0;
    double worst_now_s_ = 0;
    double worst_before_s_ = 0;
};

}  // namespace tongke::relay
