// Makes one continuous timeline of what publishers send: 32-bit timestamps are
// unwrapped, each track is kept strictly rising, a jump that the wall clock
// does not explain is taken out, and a publisher that returns goes on where
// the last one stopped plus its absence (DESIGN.md 2.1, TRAPS.md 1.1, 1.4).
// Pure: arrival times come in with the frames. The run's first timestamp is kept
// below 2^30 ms; above, the run begins near zero, so that no reader meets the
// edge of 31 or 32 bits.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "common/media/frame.hpp"

namespace tongke::relay {

/// Where the timeline stands, and which arrival belongs to it.
struct TimelineEdge {
    std::int64_t dts_ms = 0;
    SteadyTime arrival{};
};

class Timeline {
  public:
    struct Placed {
        std::int64_t dts_ms = 0;
        std::int64_t gap_ms = 0;  // absence put in before this frame; 0 in a steady stream
        bool repaired = false;    // moved against what the publisher said
        bool late = false;        // sound from before the end of what was put(): it has no place
    };

    /// The next frame comes from a new connection: its timestamps mean nothing yet.
    void new_publisher() { rebase_ = true; }
    Placed place(TrackKind kind, std::uint32_t timestamp, SteadyTime arrival);
    /// A frame of the relay's own, at a place that it chose itself.
    Placed put(TrackKind kind, std::int64_t dts_ms, SteadyTime arrival);

    /// From here on a publisher's timestamps mean this: what it sent before was put().
    void anchor(std::uint32_t timestamp, std::int64_t dts_ms);
    /// Where the next frame would follow; before the first of all, where a publisher's timestamp that came
    /// then begins the timeline.
    TimelineEdge edge(std::uint32_t timestamp, SteadyTime arrival) const;
    std::int64_t newest_ms() const { return newest_; }

    std::uint64_t repairs() const { return repairs_; }

  private:
    static Placed late(Placed placed);
    void rebase(std::int64_t raw, std::int64_t dts_ms);
    bool unexplained(std::int64_t dts_ms, SteadyTime arrival) const;
    std::int64_t after_absence(SteadyTime arrival) const;

    bool rebase_ = true;
    bool started_ = false;
    std::int64_t raw_ = 0;                               // unwrapped timestamp of the last frame of any track
    std::int64_t offset_ = 0;                            // dts = unwrapped timestamp + offset
    std::int64_t newest_ = 0;                            // highest dts given
    std::array<std::optional<std::int64_t>, 2> last_{};  // by TrackKind
    std::array<bool, 2> last_was_put_{};
    std::int64_t put_end_ = INT64_MIN;  // at the last anchor(): what comes before it is moved, not repaired
    SteadyTime last_arrival_{};
    std::uint64_t repairs_ = 0;
};

}  // namespace tongke::relay
