// Decides where segments begin, from kinds, keyframes and timestamps alone; it
// does no I/O and has no clock. The stream calls it once per appended frame, on
// the stream's own thread, so that the mark is in the log before the frame.
// Guarantees: MSNs come from the allocator in order; every segment between two
// marks without discontinuity rounds to at most TARGETDURATION seconds, which
// is settled once and never changes (CONTRACT.md §5, RFC 8216bis 4.4.3.1). It is
// the first interval of one source; what was cut before it may be longer, and
// has no place in a playlist.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/media/frame.hpp"

namespace tongke::hls {

struct SegmenterConfig {
    double target_seconds = 2;            // [stream] segment_seconds
    int max_target_duration = 10;         // seconds
    std::string run;                      // id of the stream's run, goes into every mark
    std::int64_t pdt_offset_ms = 0;       // program date time = timeline + this
    std::optional<int> target_duration;   // seconds, as kept on disk; settled by the first interval if absent
    bool first_is_discontinuity = false;  // true when an earlier run of this stream was ever served
};

class Segmenter {
  public:
    /// `next_msn` is called once for each mark and returns a number above all before it.
    Segmenter(SegmenterConfig config, std::function<std::int64_t()> next_msn);

    /// The mark to put on this frame, if it opens a segment. `discontinuity`: the
    /// timeline jumped or codec parameters changed just before this frame.
    /// `stand_in`: it stands in for a source that is away; the source's keyframe interval is not told by it.
    std::optional<SegmentMark> on_frame(TrackKind kind, bool keyframe, std::int64_t dts_ms,
                                        bool discontinuity, bool stand_in = false);
    /// The source says that it has pictures: its sound alone is no stream until one should have come.
    void expect_video() { video_expected_ = true; }
    /// The next keyframe is another source's, or a returning one's first: a segment begins with it, and the
    /// interval before it tells nothing.
    void new_source();
    /// When its last keyframe was due by its own clock, where it was placed elsewhere: the next interval
    /// counts from it.
    void keyframe_was_due(std::int64_t dts_ms);

    /// Known from the second keyframe on (or from disk); keep it on disk when it appears.
    std::optional<int> target_duration() const { return target_duration_; }
    /// True while segments are being cut off-keyframe because the interval is longer
    /// than TARGETDURATION: the advisory `keyframe_interval`.
    bool keyframe_interval_too_long() const { return off_keyframe_; }
    /// The last interval between two keyframes, 0 when there was none yet.
    std::int64_t keyframe_interval_ms() const { return interval_ms_; }

  private:
    std::optional<SegmentMark> on_video(bool keyframe, std::int64_t dts_ms, bool stand_in);
    std::optional<SegmentMark> on_audio(std::int64_t dts_ms);
    void note_audio_burst();
    void note_keyframe(std::int64_t dts_ms);
    void note_short_source(std::int64_t length_ms);
    void settle_target_duration(std::int64_t interval_ms);
    bool keyframe_should_cut(std::int64_t elapsed_ms, std::int64_t next_ms) const;
    bool must_cut_before(std::int64_t dts_ms) const;
    bool too_long(std::int64_t elapsed_ms) const;
    SegmentMark open(std::int64_t dts_ms, bool discontinuity);

    SegmenterConfig config_;
    std::function<std::int64_t()> next_msn_;
    std::optional<int> target_duration_;
    std::optional<std::int64_t> begin_ms_;  // of the open segment
    std::optional<std::int64_t> last_video_ms_;
    std::optional<std::int64_t> last_keyframe_ms_;
    std::optional<std::int64_t> first_audio_ms_, last_audio_ms_;
    std::optional<std::int64_t> audio_at_video_ms_;  // the last of audio when the last of video came
    std::optional<std::int64_t> audio_jump_ms_;
    // The longest stretch of audio between two pictures: in the open segment, in the one before it.
    std::int64_t burst_ms_ = 0, burst_before_ms_ = 0;
    std::int64_t longest_ms_ = 0;  // segment that a source left behind before the target duration was settled
    int short_sources_ = 0;        // that came and went before it
    std::int64_t interval_ms_ = 0;
    std::int64_t frame_ms_ = 0;  // distance of the last two video frames
    bool audio_only_ = false;
    bool video_expected_ = false;
    bool off_keyframe_ = false;
    bool source_begins_ = false;
};

}  // namespace tongke::hls
