// The frames of pulled fMP4 segments, with the numbers, times and marks that
// they have at the origin (common/hls/frame_index): what a relay that pulls HLS
// gives its own readers. Frames leave in order of their numbers, none twice:
// sound that was heard before a boundary but came after it is in the segment
// before, so the last frames of a segment may wait for the next one. Pure.
#pragma once
#include <map>
#include <optional>

#include "common/base/result.hpp"
#include "common/hls/frame_index.hpp"
#include "common/hls/segment.hpp"
#include "common/pull/rtmp_pull.hpp"

namespace tongke::pull {

enum class SegmentError { no_frame_index = 1, index_disagrees };
Error make_error_code(SegmentError code);

class SegmentFrames {
  public:
    explicit SegmentFrames(FrameSink& sink) : sink_(sink) {}

    /// Segments in order of msn. One that is absent (EXT-X-GAP) or cannot be read is a hole, and the error
    /// says why it cannot.
    Result<void> take(const hls::Segment& segment, SteadyTime now);
    std::optional<std::int64_t> last_frame() const { return last_; }

  private:
    struct Read {
        std::vector<std::shared_ptr<Frame>> frames;  // by number
        std::int64_t opening = 0;
    };
    Result<Read> read(const hls::Segment& segment, SteadyTime now) const;
    void emit_up_to(std::int64_t number);
    void emit_what_follows();
    void emit_first();
    void break_off();

    FrameSink& sink_;
    std::map<std::int64_t, std::shared_ptr<Frame>> pending_;  // by number
    std::optional<std::int64_t> last_;                        // that left
    std::optional<std::int64_t> newest_;  // of the segment before: all up to it are here once this one is
    std::string run_;
    std::int64_t msn_ = 0;
    bool hole_ = true;
};

}  // namespace tongke::pull

template <>
struct boost::system::is_error_code_enum<tongke::pull::SegmentError> : std::true_type {};
