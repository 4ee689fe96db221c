#include "relay/health/source_watch.hpp"

#include <algorithm>

namespace tongke::relay {
namespace {

// Without a keyframe for this long the pictures between are looked at: black is to be known after 3 s.
constexpr std::int64_t kGlanceMs = 2500;
// A group beyond this is no group; what it refers to is given up.
constexpr std::size_t kLongestGroup = 1000;
constexpr std::size_t kLargestGroup = 32u << 20;
// A picture that is known to stand still is looked at closely this often: it may move a little again.
constexpr std::int64_t kLookAgainMs = 10'000;
// Where keyframes are further apart they would tell the end of it too late.
constexpr std::int64_t kLongGroupMs = 4000;
// QOE.md §2: how long until somebody should look, and until somebody must.
constexpr Milliseconds kWarning{10'000}, kAlarm{30'000};
// A slide stands still while somebody speaks, and while the class works on it for a moment.
constexpr Milliseconds kSlide{180'000};
// Pictures that go in and do not come out: what was seen before holds no longer.
constexpr int kUnseen = 100;

AdvisoryLevel level_after(Milliseconds lasted) {
    if (lasted >= kAlarm) return AdvisoryLevel::alarm;
    return lasted >= kWarning ? AdvisoryLevel::warning : AdvisoryLevel::notice;
}

void add(std::vector<Finding>& out, const char* code, const Spell& spell) {
    if (const auto begin = spell.told()) out.push_back({code, level_after(spell.lasted()), *begin});
}

}  // namespace

void SourceWatch::on_frame(const SharedFrame& frame) {
    if (!frame->track || frame->payload_offset >= frame->payload->size()) return;
    if (frame->kind == TrackKind::video)
        on_picture(frame);
    else
        on_sound(frame);
}

void SourceWatch::on_sound(const SharedFrame& frame) {
    if (!same_parameters(audio_, frame->track)) {
        audio_ = frame->track;
        auto opened = av::SoundDecoder::open(*audio_);
        sounds_ = opened ? std::move(*opened) : nullptr;
        sound_.forget();
    }
    if (!sounds_) return;
    const auto decoded = sounds_->decode(frame->elementary(), [&](av::SoundDecoder::Channels channels) {
        sound_.hear(channels, frame->dts_ms);
    });
    if (!decoded) ++faults_;
}

void SourceWatch::on_picture(const SharedFrame& frame) {
    if (!same_parameters(video_, frame->track)) {
        video_ = frame->track;
        auto opened = av::PictureDecoder::open(*video_);
        pictures_ = opened ? std::move(*opened) : nullptr;
        picture_.forget();
        group_.clear();
        keyframe_pts_.clear();
        closely_ = false;
    }
    if (!pictures_) return;
    if (frame->keyframe) {
        if (closely_ && !worth_looking(frame->dts_ms)) stop_looking();
        if (!closely_) glance(*frame);
        if (closely_) looked_ms_ = frame->dts_ms;
        group_.clear();
    }
    if (closely_) decode(*frame);
    remember(frame);
    if (!closely_ && !group_.empty() && frame->dts_ms - group_.front()->dts_ms > kGlanceMs &&
        !picture_.still().told())
        look_closely();
}

/// The group under way, as long as it is one that can be decoded later.
void SourceWatch::remember(const SharedFrame& frame) {
    if (frame->keyframe) group_bytes_ = 0;
    if (group_.empty() && !frame->keyframe) return;
    group_bytes_ += frame->payload->size();
    if (group_.size() >= kLongestGroup || group_bytes_ > kLargestGroup) return group_.clear();
    group_.push_back(frame);
}

/// At a keyframe: something may be wrong, and every picture says more of it than keyframes do.
bool SourceWatch::worth_looking(std::int64_t now_ms) const {
    if (picture_.black().holds()) return true;
    if (picture_.still().told()) {
        const bool long_group = !group_.empty() && now_ms - group_.front()->dts_ms > kLongGroupMs;
        return long_group || now_ms - looked_ms_ >= kLookAgainMs;
    }
    return picture_.still().holds();
}

/// One keyframe by itself; what it says may want the group before it.
void SourceWatch::glance(const Frame& keyframe) {
    const auto look = [&](const LumaView& luma, std::int64_t pts_ms) { see(luma, pts_ms, true); };
    if (!pictures_->glance(keyframe.elementary(), keyframe.pts_ms(), look)) ++faults_;
    if (worth_looking(keyframe.dts_ms)) look_closely();
}

/// Every picture; where it is not known yet since when, from the last keyframe on.
void SourceWatch::look_closely() {
    closely_ = true;
    if (picture_.still().told()) return;
    picture_.forget();
    for (const auto& frame : group_) decode(*frame);
}

void SourceWatch::stop_looking() {
    if (closely_ && pictures_) pictures_->finish([](const LumaView&, std::int64_t) {});
    keyframe_pts_.clear();
    closely_ = false;
}

void SourceWatch::see(const LumaView& luma, std::int64_t pts_ms, bool keyframe) {
    ++decoded_;
    unseen_ = 0;
    picture_.see(luma, pts_ms, keyframe);
}

void SourceWatch::decode(const Frame& frame) {
    if (++unseen_ > kUnseen) {
        picture_.forget();
        keyframe_pts_.clear();
    }
    if (frame.keyframe) keyframe_pts_.push_back(frame.pts_ms());
    const auto done =
        pictures_->decode(frame.elementary(), frame.pts_ms(), [&](const LumaView& luma, std::int64_t pts_ms) {
            const auto keyframe = std::find(keyframe_pts_.begin(), keyframe_pts_.end(), pts_ms);
            const bool is_keyframe = keyframe != keyframe_pts_.end();
            if (is_keyframe) keyframe_pts_.erase(keyframe_pts_.begin(), keyframe + 1);
            see(luma, pts_ms, is_keyframe);
        });
    if (!done) ++faults_;
}

void SourceWatch::forget() {
    picture_.forget();
    sound_.forget();
    group_.clear();
    stop_looking();
}

std::vector<Finding> SourceWatch::findings() const {
    std::vector<Finding> out;
    add(out, "black", picture_.black());
    // Black is said already.
    if (const auto begin = picture_.still().told(); begin && !picture_.black().told()) {
        const auto quiet = sound_.since_voice();
        const auto alone = quiet ? std::max(*quiet - kSlide, Milliseconds{0}) : Milliseconds::max();
        out.push_back({"frozen", level_after(std::min(picture_.still().lasted(), alone)), *begin});
    }
    add(out, "silence", sound_.silence());
    add(out, "silence_left", sound_.left());
    add(out, "silence_right", sound_.right());
    return out;
}

}  // namespace tongke::relay
