// The box at the end of each fMP4 segment that says which frames of the stream
// are in it, so that a relay which pulls HLS from another gives its own readers
// the origin's frames, numbers and times (CONTRACT.md §4). A `uuid` box of
// ISO/IEC 14496-12 11.1: players skip it. About six bytes a frame.
// Pure; read() takes untrusted bytes.
#pragma once
#include <vector>

#include "common/base/bytes.hpp"
#include "common/media/frame.hpp"

namespace tongke::hls {

struct IndexedFrame {
    std::int64_t number = 0;
    TrackKind kind = TrackKind::video;
    bool keyframe = false;
    bool opens_segment = false;
    std::int64_t dts_ms = 0;
    std::int32_t cts_ms = 0;
    /// Of a frame that has no sample in this segment (sound that came too late to be heard): its elementary
    /// data. Null: the frame is the next sample of its track.
    SharedBytes aside;
};

struct FrameIndex {
    std::vector<IndexedFrame> frames;  // by number
    /// Bytes of parameter sets that stand before the first picture and are none of the frame's.
    std::size_t parameter_bytes = 0;
};

/// The box, whole.
Bytes write_frame_index(const FrameIndex& index);
/// From a whole segment; nothing where it has no such box, or one that cannot be read.
std::optional<FrameIndex> read_frame_index(ByteView segment);

}  // namespace tongke::hls
