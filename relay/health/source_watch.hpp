// Looks at what one source sends as a viewer would: decodes its sound and, while
// all is well, only its keyframes; once a keyframe is black or like the one
// before it, every picture, from the group before on, so that the begin is known
// to the picture (QOE.md §3), and the operator sees a bad encoder before the
// classrooms do. A slide that is known to stand still costs its keyframes, and a
// closer look now and then. Pure but for libav: no thread, no clock. Blocks while
// it decodes.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/av/decoder.hpp"
#include "relay/health/picture_watch.hpp"
#include "relay/health/sound_watch.hpp"
#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

/// Something is wrong with the source now. `code`: black, frozen, silence, silence_left, silence_right.
struct Finding {
    std::string code;
    AdvisoryLevel level = AdvisoryLevel::warning;
    std::int64_t begin_ms = 0;  // on the stream's timeline
    bool operator==(const Finding&) const = default;
};

class SourceWatch {
  public:
    /// Frames of the source in their order; none of what stood in for it.
    void on_frame(const SharedFrame& frame);
    /// The source is away, or another begins.
    void forget();
    std::vector<Finding> findings() const;

    /// Pictures and frames of sound that could not be decoded.
    std::uint64_t faults() const { return faults_; }
    std::uint64_t pictures_decoded() const { return decoded_; }

  private:
    void on_picture(const SharedFrame& frame);
    void on_sound(const SharedFrame& frame);
    void remember(const SharedFrame& frame);
    void glance(const Frame& keyframe);
    void look_closely();
    void stop_looking();
    void decode(const Frame& frame);
    void see(const LumaView& luma, std::int64_t pts_ms, bool keyframe);
    bool worth_looking(std::int64_t now_ms) const;

    std::unique_ptr<av::PictureDecoder> pictures_;
    std::unique_ptr<av::SoundDecoder> sounds_;
    SharedTrack video_, audio_;
    PictureWatch picture_;
    SoundWatch sound_;
    bool closely_ = false;
    std::int64_t looked_ms_ = 0;              // the newest keyframe that it looked closely from
    std::vector<SharedFrame> group_;          // since the last keyframe
    std::vector<std::int64_t> keyframe_pts_;  // of keyframes that are being decoded
    std::uint64_t faults_ = 0;
    std::uint64_t decoded_ = 0;
    std::size_t group_bytes_ = 0;
    int unseen_ = 0;  // frames that went in since a picture came out
};

}  // namespace tongke::relay
