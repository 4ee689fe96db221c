// The last gate before the node's own playlist: segments leave it in order of
// msn, none twice, and its numbers never fall, not even when a relay comes back
// without its state (then they are lifted by an offset kept on disk). Pure.
#pragma once
#include <optional>

#include "common/hls/segment.hpp"
#include "common/pull/upstream.hpp"

namespace tongke::pull {

class Continuity {
  public:
    explicit Continuity(std::optional<UpstreamProgress> progress);

    struct Outcome {
        hls::SharedSegment segment;  // null: already delivered
        std::uint64_t missed = 0;    // segments between this and the one before
    };
    /// `segment` carries the relay's numbers; the outcome the node's.
    Outcome pass(hls::SharedSegment segment);

    const std::optional<UpstreamProgress>& progress() const { return progress_; }
    /// The relay's number of the last segment delivered in this life.
    std::optional<std::int64_t> last_relay_msn() const;

  private:
    std::optional<UpstreamProgress> progress_;
    std::optional<std::int64_t> last_;  // delivered in this life: after a restart the window is fetched again
};

}  // namespace tongke::pull
