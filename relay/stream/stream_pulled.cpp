// A stream that another relay sends: its frames come with numbers, times and
// marks, which are kept (CONTRACT.md §4), so that a reader may change between
// the two relays, and what is packaged here has the origin's names.
#include <utility>

#include "common/log/log.hpp"
#include "relay/stream/stream_core.hpp"

namespace tongke::relay {
namespace {

// Frames come all the time, and over HLS a segment at a time.
constexpr std::chrono::seconds kSilence{2};
constexpr int kLongestTarget = 10;  // seconds, CONTRACT.md 5
// Numbers and times fit in a double (CONTRACT.md 4).
constexpr std::int64_t kLimit = std::int64_t{1} << 53;

bool believable(const Frame& frame) {
    const auto in_range = [](std::int64_t value) { return value > -kLimit && value < kLimit; };
    const bool mark =
        !frame.opens_segment || (frame.opens_segment->msn >= 0 && in_range(frame.opens_segment->msn) &&
                                 in_range(frame.opens_segment->pdt_ms));
    return frame.number >= 0 && in_range(frame.number) && in_range(frame.dts_ms) && mark;
}

}  // namespace

void Stream::pull_from(PublisherInfo relay) {
    auto& s = *state_;
    if (!s.pulled) s.pulled.emplace();
    s.pulled->from = std::move(relay);
}

void Stream::pull_connected(bool connected) {
    auto& s = *state_;
    if (!s.pulled || std::exchange(s.pulled->connected, connected) == connected) return;
    s.parts.metrics.publisher_up.Set(connected ? 1 : 0);
    if (!connected) s.deliver();
}

void Stream::append_pulled(const SharedFrame& frame) {
    auto& s = *state_;
    auto& pulled = *s.pulled;
    s.parts.metrics.received_bytes.Increment(static_cast<double>(frame->payload->size()));
    if (!believable(*frame)) return;
    // It has come over another connection or transport already.
    if (pulled.last_frame && frame->number <= *pulled.last_frame) return;
    const bool begins = !pulled.last_frame;
    const bool follows = pulled.last_frame && frame->number == *pulled.last_frame + 1;
    pulled.last_frame = frame->number;
    pulled.last_arrival = frame->arrival;
    s.publisher_lost.reset();
    const auto mark = frame->opens_segment ? s.follow_mark(*frame->opens_segment) : std::nullopt;
    auto taken = std::make_shared<Frame>(*frame);
    taken->opens_segment = mark;
    taken->after_hole = std::exchange(pulled.anew, false) || (!begins && !follows);
    if (frame->track) {
        s.adopt_track(frame->track);
        taken->track = frame->kind == TrackKind::video ? s.setup->video : s.setup->audio;
    }
    s.parts.state.follow(frame->number, mark ? std::optional{mark->msn} : std::nullopt);
    if (begins) log::info("stream", "{}: frames come from {}", s.name, pulled.from.address);
    ++s.frames;
    s.publish(taken);
    s.count(*taken, false);
}

std::optional<std::int64_t> Stream::pulled_frame() const {
    return state_->pulled ? state_->pulled->last_frame : std::nullopt;
}

/// The mark as readers here see it; what it settles is settled.
std::optional<SegmentMark> Stream::State::follow_mark(const SegmentMark& mark) {
    auto out = mark;
    // A number never falls, also where the origin has lost its own (TRAPS.md 1.3).
    if (pulled->last_msn && out.msn + pulled->msn_offset <= *pulled->last_msn) {
        pulled->msn_offset = *pulled->last_msn + 1 - out.msn;
        out.discontinuity = true;
    }
    // The same since before this relay was started anew: what is reserved is a block or two above what was
    // used.
    if (!pulled->last_msn && out.msn + 2 * kMsnBlock < parts.state.reserved_msn())
        pulled->msn_offset = parts.state.reserved_msn() - out.msn;
    out.msn += pulled->msn_offset;
    // Who was served before this relay was started anew knows nothing of what lies between.
    if (!pulled->last_msn && parts.state.had_earlier_run()) out.discontinuity = true;
    pulled->last_msn = out.msn;
    run = out.run;
    if (out.target_duration > kLongestTarget) out.target_duration = 0;
    if (out.target_duration > 0 && target_duration != out.target_duration) {
        parts.state.set_target_duration(out.target_duration);
        target_duration = out.target_duration;
    }
    return out;
}

void Stream::begin_anew() {
    auto& s = *state_;
    log::warn("stream", "{}: the upstream's frame numbers begin anew", s.name);
    s.pulled->last_frame.reset();
    s.pulled->anew = true;
    s.post_to_views([](StreamView& view) { view.begin_anew(); });
}

/// Grace runs from when frames stopped, whatever the reason: the origin may answer and have none.
void Stream::State::note_pulled_absence(SteadyTime now) {
    if (!pulled || !live || publisher_lost) return;
    const auto limit = std::max<SteadyTime::duration>(kSilence, std::chrono::seconds(2 * target_duration));
    if (now - pulled->last_arrival > limit) publisher_lost = pulled->last_arrival;
}

}  // namespace tongke::relay
