// What is remembered of a stream's source for when it goes away: when it was
// last heard and its last keyframe, which can be held. What stands in for it is
// not noted here. Pure.
#pragma once
#include "relay/stream/filler.hpp"

namespace tongke::relay {

class LastSource {
  public:
    void note(const SharedFrame& frame);

    /// Of its last frame; none before the first.
    std::optional<SteadyTime> arrival() const { return arrival_; }
    std::int64_t frame_number() const { return number_; }  // 0 before the first
    const SharedTrack& video() const { return video_; }
    const SharedTrack& audio() const { return audio_; }
    /// Of its last keyframe: how much later than decoded it is shown.
    std::int32_t cts_ms() const;
    /// Its pictures are shown up to here; no more than a second beyond end().
    std::int64_t shown_until_ms() const;
    /// Where what stands in for it begins: pictures a frame after its last timestamp, sound where its own
    /// ends.
    Filler::Begin end() const;
    /// Its last keyframe, to be shown from end() on, with silence; silence alone where it had no picture.
    /// Null where its last keyframe cannot be shown twice (no IDR), or silence in its parameters is not
    /// known.
    SharedStill held(const Still* slate) const;
    /// Only silence, in its own parameters; null where that is not known.
    SharedStill silence(const Still* slate) const;

  private:
    bool silence_known(const Still* slate) const;

    std::optional<SteadyTime> arrival_;
    std::int64_t number_ = 0;
    std::int64_t newest_dts_ms_ = 0;
    std::int64_t sound_end_ms_ = 0;
    std::int64_t newest_pts_ms_ = 0;  // of video
    SharedFrame keyframe_;
    SharedTrack video_, audio_;
};

}  // namespace tongke::relay
