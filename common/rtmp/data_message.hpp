// The data messages of CONTRACT.md §4, made by the relay and read by nodes and
// other relays, and the metadata of a joining player. Payloads are AMF0.
#pragma once
#include <optional>

#include "common/base/bytes.hpp"
#include "common/media/frame.hpp"

namespace tongke::rtmp {

inline constexpr std::string_view kJumpName = "onTongkeJump";
inline constexpr std::string_view kSegmentName = "onTongkeSegment";

struct Jump {
    std::int64_t first_frame = 0;  // number of the keyframe that follows
};

struct SegmentOpening {
    SegmentMark mark;
    std::int64_t timeline_ms = 0;  // 64-bit dts of the keyframe that follows
};

Bytes jump_payload(std::int64_t first_frame);
/// {run, msn, pdt} as CONTRACT.md §4, with pdt in unix ms, plus discontinuity,
/// targetDuration (s, 0: not settled) and timeline (ms).
Bytes segment_payload(const SegmentMark& mark, std::int64_t timeline_ms);

std::optional<Jump> parse_jump(ByteView payload);
std::optional<SegmentOpening> parse_segment(ByteView payload);

/// onMetaData from what is known of the tracks; either may be null.
Bytes metadata_payload(const TrackDescription* video, const TrackDescription* audio);

}  // namespace tongke::rtmp
