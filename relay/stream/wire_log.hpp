// The bounded log of one stream as RTMP wire bytes (DESIGN.md 2.1, 2.2). A
// WireWriter on the stream's home worker serialises each frame once into blocks
// that only grow and never move; a WireLog is one worker's index of them:
// positions are byte offsets counted from the run's begin. Blocks are shared
// and read from every worker; a byte is written before the entry that names it
// is posted, and never again. Pure: no I/O, no clock.
#pragma once
#include <deque>
#include <optional>

#include "common/async/live_count.hpp"
#include "common/base/bytes.hpp"
#include "common/media/frame.hpp"

namespace tongke::relay {

/// What a joining player needs before its first frame; shared by all entries
/// up to the next change.
struct StreamSetup {
    SharedTrack video;  // either may be null
    SharedTrack audio;
};
using SharedSetup = std::shared_ptr<const StreamSetup>;

class WireBlock : async::LiveCount<WireBlock> {
  public:
    using LiveCount::alive;
    WireBlock(std::uint64_t first, std::size_t size)
        : begin(first), capacity(size), bytes(new std::uint8_t[size]) {}
    const std::uint64_t begin;
    const std::size_t capacity;
    const std::unique_ptr<std::uint8_t[]> bytes;
};
using SharedBlock = std::shared_ptr<const WireBlock>;

/// One frame in the log. [begin, end) holds its data messages (onTongkeJump where numbers jumped,
/// onTongkeSegment, changed sequence headers) and its chunk, whole and in one block.
struct LogEntry {
    std::int64_t number = 0;
    std::int64_t dts_ms = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    TrackKind kind = TrackKind::video;
    bool keyframe = false;  // of video: a player may join here
    bool opens_segment = false;
    SharedSetup setup;
    std::int64_t kept_ms = 0;  // media time since the log began; unlike dts_ms it never falls
};

/// Appends frames to blocks. Home worker only.
class WireWriter {
  public:
    explicit WireWriter(std::size_t block_bytes = 4u << 20) : block_bytes_(block_bytes) {}
    struct Written {
        LogEntry entry;
        SharedBlock block;
    };
    Written append(const Frame& frame, const SharedSetup& setup);

  private:
    std::uint8_t* reserve(std::size_t bytes);

    std::size_t block_bytes_;
    std::shared_ptr<WireBlock> block_;
    std::size_t used_ = 0;
    std::uint64_t position_ = 0;
    SharedSetup last_setup_;
    std::optional<std::int64_t> last_number_;
};

struct LogBounds {
    std::int64_t keep_ms = 120'000;
    std::uint64_t keep_bytes = 256u << 20;
};

/// One worker's index of the log. Single-threaded.
class WireLog {
  public:
    explicit WireLog(LogBounds bounds) : bounds_(bounds) {}

    void append(const LogEntry& entry, const SharedBlock& block);
    /// Drops what is over the bounds; the newest frame stays.
    void trim();
    /// Drops everything: what comes has other numbers.
    void clear();
    /// Where the log would begin after trim().
    std::uint64_t trim_point() const;

    bool empty() const { return entries_.empty(); }
    std::uint64_t begin() const;
    std::uint64_t end() const { return end_; }
    const LogEntry& front() const { return entries_.front(); }
    const LogEntry& back() const { return entries_.back(); }
    std::size_t size() const { return entries_.size(); }

    /// The entry that a joining player starts at; null when there is no keyframe.
    const LogEntry* newest_keyframe() const;
    /// The position from which a reader that has all up to frame `number` goes on
    /// without a gap: end() when that is the newest frame; nothing when the log has not got it.
    std::optional<std::uint64_t> position_after(std::int64_t number) const;
    /// The entry that begins at or holds this position; null when it is not in the log.
    const LogEntry* entry_at(std::uint64_t position) const;
    /// Contiguous bytes from `position` to at most `limit`; empty at the end of
    /// the log or when the position has been trimmed.
    ByteView bytes_at(std::uint64_t position, std::uint64_t limit) const;

  private:
    struct Span {
        SharedBlock block;
        std::uint64_t begin = 0;  // of the bytes indexed here
        std::uint64_t end = 0;
    };
    LogBounds bounds_;
    std::deque<LogEntry> entries_;
    std::deque<Span> spans_;
    std::deque<std::uint64_t> keyframes_;  // begin of each, oldest first
    std::uint64_t end_ = 0;
    mutable std::optional<std::uint64_t> trim_point_;  // until the next frame
    std::int64_t newest_ms_ = 0;                       // of the timeline as it runs now
    std::int64_t kept_ms_ = 0;
};

}  // namespace tongke::relay
