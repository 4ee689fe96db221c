#include "relay/stream/publishers.hpp"

#include <utility>

namespace tongke::relay {
namespace {

constexpr std::size_t kTakeOvers = 2;
constexpr std::chrono::seconds kTakeOverWindow{30};
// CONTRACT.md §4: within 2 s of its silence, and a keyframe is still to come.
constexpr Milliseconds kSilence{1500};
// Encoders begin with one of their tracks, and a camera takes its time.
constexpr std::chrono::seconds kWaitsForPicture{10};

}  // namespace

Publication Publishers::begin(PublisherInfo who, std::function<void()> on_replaced, SteadyTime now) {
    const bool gives_way = source_ && source_->who.generated;
    const bool beside = source_ && !gives_way && source_->who.backup != who.backup;
    auto& place = beside ? standby_ : source_;
    if (place) {
        if (!gives_way && !may_take_over(now)) {
            fought_ = now;
            return {0, PublishRefusal::two_encoders};
        }
        if (!gives_way) take_overs_.push_back(now);
        if (place->on_replaced) place->on_replaced();
    }
    place.emplace(Place{++last_id_, std::move(who), std::move(on_replaced), false, false, false, now, {}});
    return {last_id_, PublishRefusal::none};
}

bool Publishers::prefer(bool backup) {
    if (source_ && source_->who.backup == backup) {
        standby_is_wanted_ = false;
        return true;
    }
    standby_is_wanted_ = standby_ && standby_->who.backup == backup;
    return standby_is_wanted_;
}

PublicationId Publishers::end(PublicationId id) {
    if (source_ && source_->id == id) source_.reset();
    if (standby_ && standby_->id == id) {
        standby_.reset();
        standby_is_wanted_ = false;
    }
    if (source_ || !standby_) return 0;
    source_ = std::exchange(standby_, std::nullopt);
    standby_is_wanted_ = false;
    return go_on_from_last_keyframe() ? source_->id : 0;
}

Publishers::Verdict Publishers::judge(PublicationId id, TrackKind kind, bool keyframe, SteadyTime arrival,
                                      bool on_air) {
    if (standby_ && standby_->id == id) {
        const bool joinable = kind == TrackKind::video && keyframe;
        standby_->had_keyframe = standby_->had_keyframe || joinable;
        const bool silent = source_silent(arrival) || sound_goes_alone(arrival);
        if (!(silent && standby_->had_keyframe) && !(standby_is_wanted_ && joinable))
            return Verdict::stand_by;
        standby_is_wanted_ = false;
        std::swap(source_, standby_);
        if (standby_) {
            standby_->had_keyframe = false;
            standby_->first_sound.reset();
        }
        source_->first_sound.reset();
        source_->last_frame = arrival;
        if (go_on_from_last_keyframe()) return Verdict::take_over;
    }
    if (!source_ || source_->id != id) return Verdict::drop;
    return judge_source(kind, keyframe, arrival, on_air);
}

bool Publishers::go_on_from_last_keyframe() {
    source_->started = source_->video_started = source_->had_keyframe;
    had_video_ = had_video_ || source_->had_keyframe;
    return source_->had_keyframe;
}

void Publishers::wait_for_keyframe() {
    if (!source_) return;
    source_->started = source_->video_started = false;
    source_->first_sound.reset();
}

Publishers::Verdict Publishers::judge_source(TrackKind kind, bool keyframe, SteadyTime arrival, bool on_air) {
    auto& source = *source_;
    if (!source.video_started) {
        const bool video = kind == TrackKind::video;
        if (video) source.first_sound.reset();  // it has pictures
        if (video && !keyframe) return Verdict::drop;
        // Unless the stream begins with it, sound waits for a picture; longer than a while only on the air.
        if (!video && !source.started && had_video_) {
            if (!source.first_sound) source.first_sound = arrival;
            if (on_air || arrival - *source.first_sound < kWaitsForPicture) return Verdict::drop;
        }
        source.video_started = video;
        had_video_ = had_video_ || video;
    }
    source.last_frame = arrival;
    const bool first = !std::exchange(source.started, true);
    return first ? Verdict::take_as_new_source : Verdict::take;
}

bool Publishers::sound_alone(SteadyTime now) const { return sound_goes_alone(now) && !source_->started; }

/// No picture comes of a stream that has had one.
bool Publishers::sound_goes_alone(SteadyTime now) const {
    return source_ && !source_->video_started && source_->first_sound &&
           now - *source_->first_sound >= kWaitsForPicture;
}

bool Publishers::may_take_over(SteadyTime now) {
    while (!take_overs_.empty() && now - take_overs_.front() > kTakeOverWindow) take_overs_.pop_front();
    // While they go on fighting, whoever has the place keeps it.
    const bool fighting = fought_ && now - *fought_ <= kTakeOverWindow;
    return !fighting && take_overs_.size() < kTakeOvers;
}

bool Publishers::source_silent(SteadyTime now) const {
    return !source_ || !source_->last_frame || now - *source_->last_frame >= kSilence;
}

}  // namespace tongke::relay
