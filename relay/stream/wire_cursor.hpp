// The whole state of one RTMP subscriber towards the stream: a position in its
// worker's WireLog, and the few bytes of its own (preface, pings, a jump's
// announcement) that go in at a frame's edge (DESIGN.md 2.2). Pure; lives on
// the subscriber's worker and is bounded whatever the reader does.
#pragma once
#include <cstdint>

#include "relay/stream/wire_log.hpp"

namespace tongke::relay {

class WireCursor {
  public:
    /// `preface` is sent before the first byte of the log. `position` is a frame's edge.
    WireCursor(std::uint64_t position, Bytes preface);

    /// Bytes of the session's own (ping, acknowledgement): sent at the next frame edge.
    void interleave(ByteView bytes);

    /// The next contiguous bytes to send; empty when the reader has everything.
    ByteView peek(const WireLog& log) const;
    /// `count` of the bytes that peek() gave were sent.
    void consume(const WireLog& log, std::size_t count);

    /// Bytes of the log not sent yet.
    std::uint64_t unsent(const WireLog& log) const;
    /// When more than `bound` bytes are unsent, or the log is about to drop the
    /// position: goes to the newest keyframe, if that is ahead, after the frame
    /// that is under way. True when it jumped. Call before WireLog::trim().
    bool jump_if_behind(const WireLog& log, std::uint64_t bound);

    std::uint64_t position() const { return position_; }

  private:
    bool at_edge(const WireLog& log) const;

    std::uint64_t position_;
    Bytes own_;  // sent first, when position_ is at an edge
    std::size_t own_sent_ = 0;
    Bytes later_;  // interleaved while own_ was under way or off the edge
};

}  // namespace tongke::relay
