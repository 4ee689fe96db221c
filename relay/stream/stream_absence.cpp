// What a stream does while its source is away, and when it is back (filler.hpp,
// stand_in.hpp).
#include <utility>

#include "common/log/log.hpp"
#include "relay/stream/stream_core.hpp"

namespace tongke::relay {
namespace {

constexpr std::chrono::seconds kTimeToBegin{10};

}  // namespace

/// Nobody sends any more: also where the one that took the place has not begun to.
void Stream::State::note_loss() {
    if (publishers.sending() || publisher_lost || !stand_in.source().arrival()) return;
    publisher_lost = parts.clock.now();
    away = live && !lost_generated;
    if (reader != nullptr) reader->on_source_lost();
    deliver();
}

bool Stream::State::grace_over(SteadyTime now) const {
    const std::chrono::seconds grace{options.grace_seconds};
    // Whoever is connected may take a moment to begin.
    const auto limit = publishers.empty() ? grace : std::max(grace, kTimeToBegin);
    return publisher_lost && now - *publisher_lost >= limit;
}

/// TRAPS.md 1.1: 1.5 target durations without the source.
Milliseconds Stream::State::slate_after() const {
    const double target = target_duration > 0 ? target_duration.load() : options.segment_seconds;
    return Milliseconds{static_cast<std::int64_t>(1500 * target)};
}

void Stream::State::begin_slate(SteadyTime now) {
    log::warn("stream", "{}: the slate is on until a publisher is back", name);
    // Before its first picture, so that picture and sound change at one discontinuity.
    if (const auto audio = stand_in.slate_audio()) adopt_track(audio);
    stand_in.begin_slate(now, slate_after());
    parts.metrics.slate.Set(1);
}

/// A source is (back) there, and `first` is its first frame: what lies between is closed.
void Stream::State::end_absence(SteadyTime arrival, const IngestFrame& first) {
    const bool closable = live && stand_in.source().arrival() && target_duration > 0 && !grace_over(arrival);
    publisher_lost.reset();
    away = false;
    if (closable) {
        stand_in.hold_until(arrival);
        fill_until(arrival);
    }
    stand_in.source_is_back(first, closable);
    parts.metrics.slate.Set(0);
    if (segmenter) segmenter->new_source();
}

void Stream::State::fill_until(SteadyTime moment) {
    while (auto filled = stand_in.next(moment)) put(std::move(*filled));
}

void Stream::State::lead_in(TrackKind kind, std::int64_t dts_ms) {
    while (auto filled = stand_in.lead_in(kind, dts_ms)) put(std::move(*filled));
}

void Stream::State::put(Filler::Filled filled) {
    const auto placed = timeline.put(filled.frame.kind, filled.dts_ms, filled.frame.arrival);
    if (!placed.late) take(std::move(filled.frame), placed, true);
}

void Stream::State::keep_slate_ready() {
    if (!parts.make_slate) return;
    if (auto wanted = stand_in.slate_to_make())
        parts.make_slate(*wanted,
                         [this, wanted](SharedStill made) { stand_in.slate_made(*wanted, std::move(made)); });
}

void Stream::fill() {
    auto& s = *state_;
    const auto now = s.parts.clock.now();
    if (!s.live || !s.publisher_lost || !s.away || s.grace_over(now)) return;
    if (!s.stand_in.slate_on()) {
        const auto absence = now - *s.stand_in.source().arrival();
        // What stands in settles no target duration.
        if (s.stand_in.slate_state() == SlateState::none || s.target_duration == 0 ||
            absence < s.slate_after())
            return;
        s.begin_slate(now);
    }
    s.fill_until(now);
}

void Stream::tick() {
    auto& s = *state_;
    const auto now = s.parts.clock.now();
    s.keep_slate_ready();
    s.note_pulled_absence(now);
    if (std::exchange(s.frames_at_tick, s.frames) == s.frames && s.live) s.deliver();
    if (s.live && s.grace_over(now)) {
        log::write(s.lost_generated ? log::Level::info : log::Level::warn, "stream",
                   fmt::format("{}: no {} came back within {} s", s.name, s.pulled ? "frame" : "publisher",
                               s.options.grace_seconds));
        s.set_live(false);
        s.stand_in.give_up();
        s.parts.metrics.slate.Set(0);
        s.away = false;
    }
    s.advise_of_encoder(now);
}

}  // namespace tongke::relay
