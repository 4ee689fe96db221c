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
    /// Starts at the frame that begins at `position` (or will, at the log's end).
    explicit WireCursor(std::uint64_t position) : position_(position) {}

    /// Bytes of the session's own, whole messages: sent before the log's from the next frame edge on.
    void interleave(ByteView bytes);
    /// Own bytes not sent yet; the owner ends a session that lets them pile up.
    std::size_t own_bytes() const { return own_.size() - own_sent_; }

    /// The next contiguous bytes to send; empty when the reader has everything.
    ByteView peek(const WireLog& log) const;
    /// `count` of the bytes that peek() gave were sent.
    void consume(const WireLog& log, std::size_t count);

    /// Bytes of the log not sent yet.
    std::uint64_t unsent(const WireLog& log) const { return log.end() - position_; }
    /// When more than `bound` bytes are unsent, or the log is about to drop the
    /// position, goes to the newest keyframe, if that is ahead, once the frame
    /// under way is whole; to the newest frame where none is ahead and the position goes. A reader that began
    /// far behind (resume) may be as far behind as it was, plus `bound`, until it has caught up. Returns the
    /// number of frames left out, 0 when it did not jump. Call before WireLog::trim().
    std::int64_t jump_if_behind(const WireLog& log, std::uint64_t bound);

    /// What must still be sent for the reader to see whole messages only: the rest of
    /// the frame under way and the own bytes.
    Bytes last_words(const WireLog& log) const;

    /// Nothing of its own is to be sent: what follows is the log's.
    bool in_log() const { return own_.empty(); }
    std::uint64_t position() const { return position_; }

  private:
    bool sending_own(const WireLog& log) const;
    bool at_edge(const WireLog& log) const;
    void announce_jump(const WireLog& log, const LogEntry& from, const LogEntry& to);

    std::uint64_t position_;
    std::uint64_t allowance_ = UINT64_MAX;  // unsent bytes allowed while catching up
    Bytes own_;
    std::size_t own_sent_ = 0;
};

}  // namespace tongke::relay
