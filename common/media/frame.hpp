// The one neutral form of media between protocols: RTMP, HLS and the test
// sources each have an adapter to and from it, never to one another.
// Frames are immutable after the stream accepted them and shared by pointer.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/base/bytes.hpp"
#include "common/time/clock.hpp"

namespace tongke {

enum class TrackKind : std::uint8_t { video, audio };
enum class Codec : std::uint8_t { h264, aac };

/// What a decoder must know before the first frame of a track. A new object is
/// made only when the bytes really differ (SPS/PPS repeated with each IDR make none).
struct TrackDescription {
    TrackKind kind = TrackKind::video;
    Codec codec = Codec::h264;
    SharedBytes decoder_config;  // AVCDecoderConfigurationRecord or AudioSpecificConfig
    int width = 0;               // pixels, video
    int height = 0;
    int sample_rate = 0;  // Hz, audio
    int channels = 0;
};
using SharedTrack = std::shared_ptr<const TrackDescription>;

/// Byte for byte: a decoder that knows the one needs nothing new for the other.
inline bool same_parameters(const SharedTrack& a, const SharedTrack& b) {
    if (a == b) return true;
    if (!a || !b || !a->decoder_config || !b->decoder_config) return false;
    return a->kind == b->kind && a->codec == b->codec && *a->decoder_config == *b->decoder_config;
}

/// Set on the frame that opens a segment (CONTRACT.md §4 onTongkeSegment, §5).
struct SegmentMark {
    std::string run;             // id of the stream's run, part of segment names
    std::int64_t msn = 0;        // media sequence number
    std::int64_t pdt_ms = 0;     // program date time of the frame, unix ms
    bool discontinuity = false;  // EXT-X-DISCONTINUITY precedes this segment
    int target_duration = 0;     // seconds, EXT-X-TARGETDURATION; 0 until two keyframes have settled it
};

struct Frame {
    TrackKind kind = TrackKind::video;
    bool keyframe = false;
    std::int64_t number = 0;  // CONTRACT.md §4: one count over audio and video
    std::int64_t dts_ms = 0;  // stream timeline: int64, unwrapped, monotonic per track
    std::int32_t cts_ms = 0;  // pts - dts
    SteadyTime arrival{};     // when its last byte was read
    SharedBytes payload;      // FLV tag body: 2- or 5-byte header, then AVCC NAL units or a raw AAC frame
    std::uint32_t payload_offset = 0;  // where the elementary data begins in payload
    SharedTrack track;
    std::optional<SegmentMark> opens_segment;
    bool after_hole = false;  // frames before it are lost: what was open before has no end

    ByteView elementary() const { return ByteView{*payload}.subspan(payload_offset); }
    std::int64_t pts_ms() const { return dts_ms + cts_ms; }
};
using SharedFrame = std::shared_ptr<const Frame>;

}  // namespace tongke
