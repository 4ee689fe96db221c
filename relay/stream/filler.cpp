#include "relay/stream/filler.hpp"

#include <utility>

#include "common/media/flv.hpp"

namespace tongke::relay {
namespace {

// A keyframe weighs as much as many pictures. Farther apart, sound would be taken to go on alone
// (Segmenter, kVideoAbsentMs) and what lies before the source's return for a hole (Stream, kHoleMs).
constexpr int kHeldPictureMs = 400;

}  // namespace

std::optional<Filler::Filled> Filler::next(std::int64_t until_dts_ms) {
    const auto picture_at = next_picture_dts(), sound_at = next_sound_dts();
    const bool is_picture = picture_at && (!sound_at || *picture_at <= *sound_at);
    const auto at = is_picture ? picture_at : sound_at;
    if (!at || *at >= until_dts_ms) return std::nullopt;
    const auto arrival = begin_.arrival + Milliseconds{*at - begin_.dts_ms};
    Filled filled{is_picture ? picture() : sound(), *at};
    filled.frame.arrival = arrival;
    return filled;
}

std::int64_t Filler::dts_at(SteadyTime arrival) const {
    return begin_.dts_ms + whole_ms(arrival - begin_.arrival);
}

void Filler::drop_pictures() {
    auto quiet = std::make_shared<Still>(*still_);
    quiet->video = nullptr;
    quiet->pictures.clear();
    still_ = std::move(quiet);
}

std::optional<std::int64_t> Filler::next_picture_dts() const {
    if (!still_->video) return std::nullopt;
    return begin_.dts_ms + pictures_ * still_->picture_ms;
}

std::optional<std::int64_t> Filler::next_sound_dts() const {
    if (!still_->audio) return std::nullopt;
    return begin_.sound_dts_ms + sounds_ * still_->samples_per_frame * 1000 / still_->audio->sample_rate;
}

IngestFrame Filler::picture() {
    const auto& shown = still_->pictures[static_cast<std::size_t>(pictures_++) % still_->pictures.size()];
    IngestFrame frame;
    frame.kind = TrackKind::video;
    frame.keyframe = shown.keyframe;
    frame.cts_ms = shown.cts_ms;
    frame.payload = shown.body;
    frame.payload_offset = flv::kVideoBodyOffset;
    frame.track = still_->video;
    return frame;
}

IngestFrame Filler::sound() {
    ++sounds_;
    IngestFrame frame;
    frame.kind = TrackKind::audio;
    frame.payload = still_->silence;
    frame.payload_offset = flv::kAudioBodyOffset;
    frame.track = still_->audio;
    return frame;
}

SharedStill with_cts(const Still& still, std::int32_t cts_ms) {
    auto shifted = std::make_shared<Still>(still);
    for (auto& picture : shifted->pictures) {
        const auto avcc = ByteView{*picture.body}.subspan(flv::kVideoBodyOffset);
        picture.body = share(flv::video_body(picture.keyframe, cts_ms, avcc));
        picture.cts_ms = cts_ms;
    }
    return shifted;
}

Still hold_still(ByteView keyframe_avcc, std::int32_t cts_ms, SharedTrack video) {
    Still still;
    still.video = std::move(video);
    still.pictures = {{share(flv::video_body(true, cts_ms, keyframe_avcc)), true, cts_ms}};
    still.picture_ms = kHeldPictureMs;
    return still;
}

}  // namespace tongke::relay
