// Decodes H.264 and AAC as FLV and MP4 carry them, to be looked at and not to be
// shown: the brightness of pictures, the samples of sound. What comes in may be
// broken: an error value, and the next keyframe is decoded again. Blocks while it
// computes; one thread at a time.
#pragma once
#include <functional>
#include <memory>
#include <span>

#include "common/base/result.hpp"
#include "common/media/frame.hpp"
#include "common/media/picture.hpp"

namespace tongke::av {

class PictureDecoder {
  public:
    /// `luma` is valid during the call.
    using See = std::function<void(const LumaView& luma, std::int64_t pts_ms)>;

    /// bad_decoder_config, or decoder_missing.
    static Result<std::unique_ptr<PictureDecoder>> open(const TrackDescription& track);
    ~PictureDecoder();

    /// Calls `see` for each picture that comes out, in the order of showing: with B-frames some later. Those
    /// of more than eight bits are not seen.
    Result<void> decode(ByteView avcc, std::int64_t pts_ms, const See& see);
    /// A keyframe alone: its picture comes out at once, without the filter that smooths the edges of blocks,
    /// which nothing that follows may then be predicted from. The next to decode is a keyframe.
    Result<void> glance(ByteView avcc, std::int64_t pts_ms, const See& see);
    /// What has not come out yet; the next to decode is a keyframe.
    void finish(const See& see);

  private:
    struct State;
    explicit PictureDecoder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class SoundDecoder {
  public:
    /// One entry a channel, all of the same length, from -1 to 1; valid during the call.
    using Channels = std::span<const std::span<const float>>;
    using Hear = std::function<void(Channels channels)>;

    static Result<std::unique_ptr<SoundDecoder>> open(const TrackDescription& track);
    ~SoundDecoder();

    Result<void> decode(ByteView aac, const Hear& hear);

  private:
    struct State;
    explicit SoundDecoder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace tongke::av
