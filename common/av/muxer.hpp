// One use of a libavformat muxer, writing to memory. Private to common/av.
#pragma once
#include <array>
#include <memory>

#include "common/av/codec.hpp"
#include "common/av/sample.hpp"

namespace tongke::av {

struct FreeFormat {
    void operator()(AVFormatContext* context) const;
};

class Muxer {
  public:
    /// `options` is taken, whatever comes of it.
    Result<void> open(const char* format, const Tracks& tracks, AVDictionary* options);
    Result<void> write(const Sample& sample);
    /// What the muxer still holds goes out.
    Result<void> flush();
    /// What was written since the last call.
    Bytes take();

  private:
    Result<void> add_track(const TrackDescription& track, int& index);

    std::unique_ptr<AVFormatContext, FreeFormat> context_;
    PacketPtr packet_;
    std::array<int, 2> index_{-1, -1};       // by TrackKind
    std::array<AVRational, 2> timescale_{};  // of our samples
    std::size_t taken_ = 0;
};

}  // namespace tongke::av
