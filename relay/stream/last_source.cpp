#include "relay/stream/last_source.hpp"

#include <algorithm>

#include "common/media/flv.hpp"
#include "common/media/h264.hpp"

namespace tongke::relay {
namespace {

constexpr Milliseconds kUsualFrame{40};
constexpr Milliseconds kLongestMissingSound{300};
constexpr std::int64_t kAacFrameSamples = 1024;
// A broken encoder may say hours.
constexpr std::int32_t kLongestCtsMs = 1000;

void add_silence(const Still& from, Still& to) {
    to.audio = from.audio;
    to.silence = from.silence;
    to.samples_per_frame = from.samples_per_frame;
}

}  // namespace

void LastSource::note(const SharedFrame& frame) {
    arrival_ = frame->arrival;
    number_ = frame->number;
    newest_dts_ms_ = std::max(newest_dts_ms_, frame->dts_ms);
    if (frame->kind == TrackKind::audio) {
        audio_ = frame->track;
        sound_end_ms_ = frame->dts_ms + kAacFrameSamples * 1000 / std::max(1, audio_->sample_rate);
        return;
    }
    video_ = frame->track;
    newest_pts_ms_ = std::max(newest_pts_ms_, frame->pts_ms());
    if (frame->keyframe) keyframe_ = frame;
}

Filler::Begin LastSource::end() const {
    const auto dts_ms = newest_dts_ms_ + kUsualFrame.count();
    // Sound that stopped long before the picture did is not made up for.
    const auto sound = std::max(sound_end_ms_, dts_ms - kLongestMissingSound.count());
    return {dts_ms, sound, *arrival_ + kUsualFrame};
}

std::int32_t LastSource::cts_ms() const {
    return keyframe_ ? std::clamp(keyframe_->cts_ms, 0, kLongestCtsMs) : 0;
}

std::int64_t LastSource::shown_until_ms() const {
    return std::min(newest_pts_ms_, newest_dts_ms_ + kLongestCtsMs);
}

SharedStill LastSource::held(const Still* slate) const {
    if (!video_) return silence(slate);
    if (audio_ && !silence_known(slate)) return nullptr;
    if (!keyframe_ || keyframe_->payload_offset >= keyframe_->payload->size()) return nullptr;
    const auto config = flv::parse_avc_config(*keyframe_->track->decoder_config);
    if (!config || !h264::has_idr(keyframe_->elementary(), config->nal_length_size)) return nullptr;
    // What the source sent last may be shown later than it was sent (B-frames).
    const auto behind = shown_until_ms() + 1 - end().dts_ms;
    const auto cts = static_cast<std::int32_t>(std::max<std::int64_t>(cts_ms(), behind));
    auto still = hold_still(keyframe_->elementary(), cts, keyframe_->track);
    if (audio_) add_silence(*slate, still);
    return std::make_shared<const Still>(std::move(still));
}

SharedStill LastSource::silence(const Still* slate) const {
    if (!silence_known(slate)) return nullptr;
    Still still;
    add_silence(*slate, still);
    return std::make_shared<const Still>(std::move(still));
}

bool LastSource::silence_known(const Still* slate) const {
    return slate && slate->audio && same_parameters(slate->audio, audio_);
}

}  // namespace tongke::relay
