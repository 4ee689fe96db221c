// What the encoder that stands by has sent since its last keyframe, so that it
// takes over at once and not at its next keyframe (CONTRACT.md §4: within 2 s
// of the source's silence). Its past is shown quickly: what it sent before the
// source's end is squeezed into a moment, then timeline and wall clock are
// together again. Pure: times come in.
#pragma once
#include <cstdint>
#include <vector>

#include "relay/stream/ingest_frame.hpp"
#include "relay/stream/publishers.hpp"
#include "relay/stream/timeline.hpp"

namespace tongke::relay {

class StandbyGroup {
  public:
    /// Begins anew at each keyframe and for another publication; gives up what is larger than a group may be,
    /// and what the publisher's clock jumped in.
    void add(PublicationId id, IngestFrame frame);
    void clear() { *this = {}; }

    struct Placed {
        IngestFrame frame;
        std::int64_t dts_ms = 0;
        std::int64_t due_ms = 0;  // where it would be by the publisher's clock
    };
    struct Replay {
        std::vector<Placed> frames;   // empty: nothing that can be shown
        SteadyTime begin{};           // arrival of its first frame that is not in the past
        std::uint32_t timestamp = 0;  // of the publisher, which means
        std::int64_t dts_ms = 0;      // this place on the timeline
    };
    /// The keyframe; null where there is no group of this publication.
    const IngestFrame* keyframe(PublicationId id) const;
    /// All of it from `edge` on, shown after `shown_until_ms`; the group is empty then.
    Replay replay(PublicationId id, const TimelineEdge& edge, std::int64_t shown_until_ms);

  private:
    bool jumped(const IngestFrame& frame) const;

    PublicationId id_ = 0;
    std::vector<IngestFrame> frames_;
    std::size_t bytes_ = 0;
};

}  // namespace tongke::relay
