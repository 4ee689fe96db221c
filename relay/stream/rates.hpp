// Ingest health of one stream: bitrate, frame rate, B-frames and the skew of
// sound and picture over the last seconds, gaps between arriving frames. Pure:
// arrival times come in with the frames.
#pragma once
#include <array>
#include <deque>
#include <optional>

#include "common/media/frame.hpp"
#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

class Rates {
  public:
    /// The gap to the frame of the same track before, in seconds; nothing for the first.
    std::optional<double> add(const Frame& frame);
    /// The next frame comes from a new publisher: the time between is no gap of an encoder.
    void restart();

    /// Since the first frame of this publisher.
    SteadyTime::duration age(SteadyTime now) const;
    std::uint64_t bitrate_bps(SteadyTime now) const;
    double fps(SteadyTime now) const;
    double sounds_per_second(SteadyTime now) const;
    /// Some pictures are shown in another order than sent.
    bool b_frames(SteadyTime now) const;
    /// Sound that has come, less pictures that have come, in seconds of media; none unless both come.
    std::optional<double> av_skew_s(SteadyTime now) const;
    FrameGaps gaps() const;

  private:
    /// Sums of one second of arrivals.
    struct Cell {
        std::int64_t second = 0;
        std::uint64_t bytes = 0;
        int pictures = 0, sounds = 0, reordered = 0;
        std::int64_t skew_ms = 0;  // sum over all frames
        int skews = 0;
    };
    void note_order(const Frame& frame, Cell& cell);
    void note_gap(double seconds, SteadyTime arrival);
    template <class Value>
    double per_second(SteadyTime now, Value value) const;
    template <class Value>
    auto sum(SteadyTime now, Value value) const;

    std::deque<Cell> cells_;
    std::optional<SteadyTime> begun_;
    std::array<std::optional<std::int64_t>, 2> newest_dts_ms_;  // by TrackKind
    std::optional<std::int64_t> newest_pts_ms_;                 // of pictures
    std::optional<SteadyTime> last_;  // arrival of the last video frame, or audio where there is no video
    bool has_video_ = false;
    FrameGaps gaps_;
    std::int64_t worst_minute_ = 0;
    double worst_now_s_ = 0;
    double worst_before_s_ = 0;
};

}  // namespace tongke::relay
