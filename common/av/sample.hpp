// What a segment is made of, on its way into a container. Values; the bytes
// stay their owner's.
#pragma once
#include <cstdint>

#include "common/base/bytes.hpp"
#include "common/media/frame.hpp"

namespace tongke::av {

inline constexpr int kVideoTimescale = 90'000;  // ticks per second; audio's is its sample rate

/// Either may be null, not both.
struct Tracks {
    SharedTrack video;
    SharedTrack audio;
};

struct Sample {
    TrackKind kind = TrackKind::video;
    bool keyframe = false;
    std::int64_t dts = 0;  // ticks of the track's timescale; strictly rising within a track
    std::int64_t pts = 0;
    std::int64_t duration = 0;
    ByteView data;  // AVCC NAL units or a raw AAC frame; read only during the call
};

}  // namespace tongke::av
