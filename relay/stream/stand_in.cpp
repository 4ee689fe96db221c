#include "relay/stream/stand_in.hpp"

#include <utility>

namespace tongke::relay {
namespace {

// The last picture may stand this long before it is sent again.
constexpr Milliseconds kPictureStands{350};
constexpr Milliseconds kSoundFrame{22};
// An absence is closed with the last keyframe held up to here; beyond, what returns is a DISCONTINUITY.
constexpr std::chrono::seconds kLongestHold{15};

bool same_size(const SharedTrack& a, const SharedTrack& b) {
    return !a == !b && (!a || (a->width == b->width && a->height == b->height));
}

}  // namespace

std::optional<StreamSetup> StandIn::slate_to_make() {
    const StreamSetup wanted{source_.video(), source_.audio()};
    if (slate_asked_ || (!wanted.video && !wanted.audio)) return std::nullopt;
    if (same_size(wanted.video, slate_for_.video) && same_parameters(wanted.audio, slate_for_.audio))
        return std::nullopt;
    slate_asked_ = true;
    return wanted;
}

void StandIn::slate_made(const StreamSetup& source, SharedStill slate) {
    slate_asked_ = false;
    slate_for_ = source;
    slate_ = std::move(slate);
}

SlateState StandIn::slate_state() const {
    if (slate_on_) return SlateState::on;
    const bool usable = slate_ && (slate_->video || (!source_.video() && slate_->audio));
    return usable ? SlateState::ready : SlateState::none;
}

void StandIn::begin_slate(SteadyTime now, Milliseconds wait) {
    auto begin = source_.end();
    // Where it comes very late it begins late: its past is not made up for.
    const auto late = whole_ms(now - begin.arrival) - whole_ms(wait + kLongestHold);
    if (late > 0) {
        begin.dts_ms += late;
        begin.sound_dts_ms = begin.dts_ms;
        begin.arrival += Milliseconds{late};
    }
    filler_.emplace(with_cts(*slate_, source_.cts_ms()), begin);
    slate_on_ = true;
}

std::optional<Filler::Filled> StandIn::next(SteadyTime before) {
    return filler_ ? filler_->next(filler_->dts_at(before)) : std::nullopt;
}

/// Null: what comes next is a discontinuity, or so near that nothing is missing.
SharedStill StandIn::for_absence(SteadyTime::duration absence) const {
    if (absence > kLongestHold) return nullptr;
    // The last picture stands by itself for a moment; sound that is missing stalls players.
    return absence > kPictureStands ? source_.held(slate_.get()) : source_.silence(slate_.get());
}

void StandIn::hold_until(SteadyTime arrival) {
    if (filler_) return;
    if (auto still = for_absence(arrival - *source_.arrival()))
        filler_.emplace(std::move(still), source_.end());
}

void StandIn::source_is_back(const IngestFrame& first, bool closed) {
    const bool video = first.kind == TrackKind::video;
    const bool other_sound =
        video && first.other_track && !same_parameters(first.other_track, source_.audio());
    const bool goes_on = !video || (same_parameters(first.track, source_.video()) && !other_sound);
    quiet_.reset();
    if (closed && filler_ && goes_on && same_parameters(filler_->still().audio, source_.audio())) {
        quiet_ = std::move(filler_);
        quiet_->drop_pictures();
    }
    give_up();
}

void StandIn::give_up() {
    filler_.reset();
    slate_on_ = false;
}

std::optional<Filler::Filled> StandIn::lead_in(TrackKind kind, std::int64_t dts_ms) {
    if (!quiet_) return std::nullopt;
    if (kind == TrackKind::audio) {
        quiet_.reset();
        return std::nullopt;
    }
    return quiet_->next(dts_ms - kSoundFrame.count());
}

}  // namespace tongke::relay
