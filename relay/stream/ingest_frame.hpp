// What the stream takes from a publisher, before it has a place on the timeline.
#pragma once
#include "common/media/frame.hpp"

namespace tongke::relay {

/// A frame as the publisher sent it: no number, timestamp not yet repaired.
struct IngestFrame {
    TrackKind kind = TrackKind::video;
    bool keyframe = false;
    std::uint32_t timestamp = 0;  // ms, modulo 2^32
    std::int32_t cts_ms = 0;
    SteadyTime arrival{};
    SharedBytes payload;  // FLV tag body
    std::uint32_t payload_offset = 0;
    SharedTrack track;
    SharedTrack other_track;  // of the publisher's other kind; null while it has not told any
};

}  // namespace tongke::relay
