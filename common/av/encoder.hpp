// Live encoders through libavcodec for what the relay makes itself: H.264 by
// x264 without delay and without B-frames, and AAC-LC. What comes out is what
// FLV, and so RTMP and MP4, carry. One thread at a time; encode() blocks for as
// long as the encoder computes. Faults are error values (common/av/error.hpp).
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/result.hpp"
#include "common/media/frame.hpp"
#include "common/media/picture.hpp"

namespace tongke::av {

struct VideoEncoderOptions {
    int width = 1280;
    int height = 720;
    int fps = 25;             // whole pictures a second
    int bitrate_kbps = 2400;  // constant over a second
    int keyframe_every = 50;  // pictures; nowhere else
};

struct EncodedPicture {
    bool keyframe = false;
    std::int64_t index = 0;  // of encode()
    Bytes avcc;              // NAL units behind their lengths
};

class VideoEncoder {
  public:
    /// encoder_missing where libavcodec has no x264.
    static Result<std::unique_ptr<VideoEncoder>> open(const VideoEncoderOptions& options);
    ~VideoEncoder();
    VideoEncoder(const VideoEncoder&) = delete;
    VideoEncoder& operator=(const VideoEncoder&) = delete;

    const SharedTrack& track() const;
    /// `index` rises by one or more with each picture; its time is index / fps.
    Result<std::vector<EncodedPicture>> encode(const Picture& picture, std::int64_t index);

  private:
    struct State;
    explicit VideoEncoder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

struct EncodedSound {
    std::int64_t first_sample = 0;  // below zero for what the encoder puts before the first
    Bytes aac;                      // one raw frame of 1024 samples
};

class AudioEncoder {
  public:
    static constexpr int kSampleRate = 48'000;
    static constexpr int kChannels = 2;
    static constexpr std::size_t kFrameSamples = 1024;

    static Result<std::unique_ptr<AudioEncoder>> open(int bitrate_kbps);
    ~AudioEncoder();
    AudioEncoder(const AudioEncoder&) = delete;
    AudioEncoder& operator=(const AudioEncoder&) = delete;

    const SharedTrack& track() const;
    /// kFrameSamples of each side, -1 … 1; `first_sample` counts on by as many.
    Result<std::vector<EncodedSound>> encode(std::span<const float> left, std::span<const float> right,
                                             std::int64_t first_sample);

  private:
    struct State;
    explicit AudioEncoder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace tongke::av
