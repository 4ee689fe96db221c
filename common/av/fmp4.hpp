// Fragmented MP4 through libavformat, in memory: an init section, and one
// moof+mdat per segment whose tfdt is the timeline itself (64 bits). Pure
// functions: the same tracks and samples give the same bytes on every machine,
// so that a node that packages from RTMP makes the relay's segments.
// Any thread; nothing is kept between calls.
#pragma once
#include <span>
#include <string>

#include "common/base/result.hpp"
#include "common/media/frame.hpp"

namespace tongke::av {

inline constexpr int kVideoTimescale = 90'000;  // ticks per second; audio's is its sample rate

/// What a segment is made of; either may be null, not both.
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

/// ftyp + moov.
Result<Bytes> mux_init(const Tracks& tracks);
/// moof + mdat; `sequence` is written to mfhd. Samples of each track in decoding order.
Result<Bytes> mux_fragment(const Tracks& tracks, std::uint32_t sequence, std::span<const Sample> samples);

/// RFC 6381 codecs of the tracks, "avc1.64001f,mp4a.40.2"; parts that cannot be read are left out.
std::string codecs_of(const Tracks& tracks);

}  // namespace tongke::av
