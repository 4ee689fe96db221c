// What a stream shows while its source is away, and how it gets back to the
// source: the slate while a publisher is lost, the source's last keyframe held
// over a short absence, silence until a source's first sound (TRAPS.md 1.1).
// It remembers the source and says what stands in, frame by frame; the stream
// gives these their place on the timeline. Pure: times come in, milliseconds
// are on the stream's timeline.
#pragma once
#include <optional>

#include "relay/stream/last_source.hpp"
#include "relay/stream/stream_info.hpp"
#include "relay/stream/wire_log.hpp"

namespace tongke::relay {

class StandIn {
  public:
    /// Every frame of the source, and none of what stood in for it.
    void note(const SharedFrame& frame) { source_.note(frame); }
    const LastSource& source() const { return source_; }

    // The slate that goes with the source.

    /// What it is to be made for; none while one is being made, and where the one that is there fits.
    std::optional<StreamSetup> slate_to_make();
    /// Null where it could not be made; asked for again when the source changes.
    void slate_made(const StreamSetup& source, SharedStill slate);
    SlateState slate_state() const;

    // While the source is away.

    bool slate_on() const { return slate_on_; }
    /// From where the source ended, unless that is longer ago than `wait` and the longest hold. `wait`: how
    /// long an absence the slate leaves to the last picture. Only where slate_state() is ready.
    void begin_slate(SteadyTime now, Milliseconds wait);
    /// The slate's; its sound is to be announced before its first picture.
    SharedTrack slate_audio() const { return slate_->audio; }
    /// What stands in before that moment, one frame at a time.
    std::optional<Filler::Filled> next(SteadyTime before);

    // A source is (back) there.

    /// Where no slate is on, an absence that ends at `arrival` is closed with the last keyframe; next()
    /// gives it. Nothing where it is too long, or so short that players do not notice.
    void hold_until(SteadyTime arrival);
    /// All of next() has been taken. `first`: the source's first frame. `closed`: what lies between was
    /// filled.
    void source_is_back(const IngestFrame& first, bool closed);
    /// Nobody came.
    void give_up();

    /// Silence before a source's frame, one at a time: its sound may begin after its picture, or not at all,
    /// and players that were told of sound stand still without any.
    std::optional<Filler::Filled> lead_in(TrackKind kind, std::int64_t dts_ms);
    /// The source's sound has begun, or reaches into what was filled.
    void end_lead_in() { quiet_.reset(); }

  private:
    SharedStill for_absence(SteadyTime::duration absence) const;

    LastSource source_;
    SharedStill slate_;
    StreamSetup slate_for_;  // the source that slate_ was made for
    bool slate_asked_ = false;
    bool slate_on_ = false;
    std::optional<Filler> filler_;
    std::optional<Filler> quiet_;  // from a source's return to its first sound, also where none comes
};

}  // namespace tongke::relay
