#include "common/hls/segmenter.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tongke::hls {
namespace {

// EXTINF is compared with TARGETDURATION after rounding to the nearest second
// (RFC 8216bis 4.4.3.1); 50 ms are left for the frame that is still to come.
constexpr std::int64_t kRoundingSlackMs = 450;
constexpr std::int64_t kTimestampJitterMs = 50;
// What stands in for a source has a keyframe at least this often.
constexpr std::int64_t kStandInIntervalMs = 1000;
// A keyframe may come this much later than expected.
constexpr std::int64_t kKeyframeWaitMs = 100;
// Only audio for this long from the start: the publisher sends no picture.
constexpr std::int64_t kAudioOnlyAfterMs = 3000;
// So much audio since the last picture came, and more than the source sends between pictures anyhow: video
// has stopped, and audio keeps the segments going. Where the segment may still wait for the picture it does.
constexpr std::int64_t kVideoAbsentMs = 400;
constexpr std::int64_t kVideoAwaitedMs = 1000;
constexpr std::int64_t kLongestBurstMs = 1500;
// So many sources that stayed for one keyframe each have to be served as they come.
constexpr int kShortSources = 4;
// Sound that jumped ahead is followed by a keyframe within this, or the picture is gone.
constexpr std::int64_t kAudioJumpMs = 500;
constexpr std::int64_t kKeyframeAfterJumpMs = 1000;

int ceil_seconds(double seconds) { return static_cast<int>(std::ceil(seconds - 1e-9)); }

}  // namespace

Segmenter::Segmenter(SegmenterConfig config, std::function<std::int64_t()> next_msn)
    : config_(std::move(config)), next_msn_(std::move(next_msn)), target_duration_(config_.target_duration) {}

std::optional<SegmentMark> Segmenter::on_frame(TrackKind kind, bool keyframe, std::int64_t dts_ms,
                                               bool discontinuity, bool stand_in) {
    const bool video = kind == TrackKind::video;
    std::optional<SegmentMark> mark;
    const bool jumped = video && begin_ms_ && !audio_only_ && too_long(dts_ms - *begin_ms_);
    if (begin_ms_ && (discontinuity || jumped)) {
        if (source_begins_ && video && keyframe && !stand_in && !target_duration_)
            note_short_source(last_video_ms_.value_or(*begin_ms_) - *begin_ms_ + frame_ms_);
        last_keyframe_ms_.reset();
        last_video_ms_.reset();
        audio_only_ = audio_only_ && !video;
        mark = open(dts_ms, true);
    }
    if (video && keyframe && !stand_in) note_keyframe(dts_ms);
    if (!mark) mark = video ? on_video(keyframe, dts_ms, stand_in) : on_audio(dts_ms);
    if (video) {
        if (last_video_ms_ && dts_ms > *last_video_ms_) frame_ms_ = dts_ms - *last_video_ms_;
        if (keyframe && !stand_in) {
            last_keyframe_ms_ = dts_ms;
            source_begins_ = false;
        }
        last_video_ms_ = dts_ms;
        note_audio_burst();
    }
    if (mark) mark->target_duration = target_duration_.value_or(0);
    return mark;
}

void Segmenter::new_source() {
    source_begins_ = true;
    last_keyframe_ms_.reset();
    burst_ms_ = burst_before_ms_ = 0;
}

void Segmenter::note_audio_burst() {
    const auto burst = audio_at_video_ms_ ? *last_audio_ms_ - *audio_at_video_ms_ : 0;
    if (burst < kLongestBurstMs) burst_ms_ = std::max(burst_ms_, burst);
    audio_at_video_ms_ = last_audio_ms_;
}

void Segmenter::keyframe_was_due(std::int64_t dts_ms) {
    if (last_keyframe_ms_) last_keyframe_ms_ = dts_ms;
}

std::optional<SegmentMark> Segmenter::on_video(bool keyframe, std::int64_t dts_ms, bool stand_in) {
    if (!begin_ms_) {
        if (!keyframe) return std::nullopt;
        return open(dts_ms, config_.first_is_discontinuity);
    }
    if (audio_only_) {
        if (!keyframe) return std::nullopt;
        audio_only_ = false;
        return open(dts_ms, true);
    }
    const auto elapsed = dts_ms - *begin_ms_;
    if (keyframe) {
        const bool begins = source_begins_ && !stand_in && elapsed > 0;
        if (begins && !target_duration_) note_short_source(elapsed);
        const auto next = stand_in ? kStandInIntervalMs : interval_ms_;
        if (!begins && !keyframe_should_cut(elapsed, next)) return std::nullopt;
        off_keyframe_ =
            off_keyframe_ && target_duration_ && interval_ms_ > *target_duration_ * 1000 + kRoundingSlackMs;
        return open(dts_ms, false);
    }
    if (!must_cut_before(dts_ms)) return std::nullopt;
    settle_target_duration(config_.max_target_duration * 1000);
    off_keyframe_ = true;
    return open(dts_ms, false);
}

std::optional<SegmentMark> Segmenter::on_audio(std::int64_t dts_ms) {
    if (!first_audio_ms_) first_audio_ms_ = dts_ms;
    const bool jumped = last_audio_ms_ && dts_ms - *last_audio_ms_ > kAudioJumpMs;
    last_audio_ms_ = dts_ms;
    if (jumped) {
        audio_jump_ms_ = dts_ms;
        if (audio_at_video_ms_)
            audio_at_video_ms_ = dts_ms;  // what did not come tells nothing of the picture
    }
    if (!begin_ms_) {
        const auto after = video_expected_ ? config_.max_target_duration * 1000 : kAudioOnlyAfterMs;
        if (last_video_ms_ || dts_ms - *first_audio_ms_ < after) return std::nullopt;
        audio_only_ = true;
        settle_target_duration(0);
        return open(dts_ms, config_.first_is_discontinuity);
    }
    const auto elapsed = dts_ms - *begin_ms_;
    if (audio_only_) {
        if (elapsed < config_.target_seconds * 1000 - kTimestampJitterMs) return std::nullopt;
        return open(dts_ms, too_long(elapsed));
    }
    const auto limit = target_duration_.value_or(config_.max_target_duration) * 1000;
    if (too_long(elapsed) && audio_jump_ms_ && dts_ms - *audio_jump_ms_ < kKeyframeAfterJumpMs)
        return std::nullopt;
    // Counted in sound from when the picture came, not from its own time: a picture may be late for good.
    const auto since_video = dts_ms - audio_at_video_ms_.value_or(*first_audio_ms_);
    const bool must_cut = elapsed + kTimestampJitterMs > limit + kRoundingSlackMs;
    const auto patience = std::max(must_cut ? kVideoAbsentMs : kVideoAwaitedMs,
                                   std::max(burst_ms_, burst_before_ms_) + kTimestampJitterMs);
    if (elapsed < limit || since_video <= patience) return std::nullopt;
    settle_target_duration(config_.max_target_duration * 1000);
    return open(dts_ms, too_long(elapsed));
}

void Segmenter::note_keyframe(std::int64_t dts_ms) {
    if (!last_keyframe_ms_) return;
    interval_ms_ = dts_ms - *last_keyframe_ms_;
    settle_target_duration(interval_ms_);
}

/// `length_ms`: of the segment that it leaves behind.
void Segmenter::note_short_source(std::int64_t length_ms) {
    longest_ms_ = std::max(longest_ms_, length_ms);
    if (++short_sources_ >= kShortSources) settle_target_duration(longest_ms_);
}

void Segmenter::settle_target_duration(std::int64_t interval_ms) {
    if (target_duration_) return;
    const auto interval = ceil_seconds(static_cast<double>(interval_ms) / 1000);
    const int wanted = std::max(ceil_seconds(config_.target_seconds), interval);
    target_duration_ = std::clamp(wanted, 1, config_.max_target_duration);
}

/// Cut here when the segment is long enough, or when waiting for the next
/// keyframe would make it too long.
bool Segmenter::keyframe_should_cut(std::int64_t elapsed_ms, std::int64_t next_ms) const {
    if (!target_duration_) return false;
    if (static_cast<double>(elapsed_ms) >= config_.target_seconds * 1000 - kTimestampJitterMs) return true;
    return elapsed_ms + next_ms > *target_duration_ * 1000 + kRoundingSlackMs;
}

bool Segmenter::must_cut_before(std::int64_t dts_ms) const {
    const auto limit = target_duration_.value_or(config_.max_target_duration) * 1000;
    const auto elapsed = dts_ms - *begin_ms_;
    const bool last_chance = elapsed + frame_ms_ > limit + kRoundingSlackMs;
    if (elapsed < limit) return last_chance && elapsed > 0;
    if (last_chance || !last_keyframe_ms_ || interval_ms_ == 0) return true;
    // A keyframe that comes before the segment would round to more is waited for.
    const auto expected = *last_keyframe_ms_ + interval_ms_;
    return expected - *begin_ms_ > limit + kRoundingSlackMs || dts_ms > expected + kKeyframeWaitMs;
}

bool Segmenter::too_long(std::int64_t elapsed_ms) const {
    const auto limit = target_duration_.value_or(config_.max_target_duration) * 1000;
    return elapsed_ms >= limit + 500;
}

SegmentMark Segmenter::open(std::int64_t dts_ms, bool discontinuity) {
    begin_ms_ = dts_ms;
    burst_before_ms_ = std::exchange(burst_ms_, 0);
    audio_jump_ms_.reset();
    SegmentMark mark;
    mark.run = config_.run;
    mark.msn = next_msn_();
    mark.pdt_ms = dts_ms + config_.pdt_offset_ms;
    mark.discontinuity = discontinuity;
    return mark;
}

}  // namespace tongke::hls
