#include "relay/stream/stream.hpp"

#include <fmt/format.h>

#include <utility>

#include "common/log/log.hpp"
#include "relay/stream/stream_core.hpp"

namespace tongke::relay {
namespace {

// A hole this long in the timeline is a DISCONTINUITY; less, players bridge.
constexpr std::int64_t kHoleMs = 500;

}  // namespace

Stream::Stream(std::string name, StreamOptions options, StreamParts parts)
    : state_(std::make_unique<State>(std::move(name), options, std::move(parts))) {}

Stream::~Stream() = default;

const std::string& Stream::name() const { return state_->name; }
const StreamOptions& Stream::options() const { return state_->options; }
std::size_t Stream::home() const { return state_->parts.home; }
int Stream::target_duration() const { return state_->target_duration; }

void Stream::count_subscriber(Transport transport, int by) {
    const auto index = static_cast<std::size_t>(transport);
    state_->subscribers[index] += by;
    state_->parts.metrics.subscribers[index]->Increment(by);
}

void Stream::post(std::function<void(Stream&)> work) {
    state_->parts.workers.post(home(), [this, work = std::move(work)] { work(*this); });
}

Publication Stream::begin(PublisherInfo who, std::function<void()> on_replaced) {
    auto& s = *state_;
    if (const auto* source = s.publishers.source()) s.lost_generated = source->generated;
    const auto publication = s.publishers.begin(std::move(who), std::move(on_replaced), s.parts.clock.now());
    s.parts.metrics.publisher_up.Set(s.publishers.empty() ? 0 : 1);
    s.note_loss();
    return publication;
}

void Stream::end(PublicationId id) {
    auto& s = *state_;
    if (const auto* source = s.publishers.source()) s.lost_generated = source->generated;
    if (const auto next = s.publishers.end(id); next != 0) s.take_over(next);
    s.parts.metrics.publisher_up.Set(s.publishers.empty() ? 0 : 1);
    s.note_loss();
}

bool Stream::prefer(bool backup) { return state_->publishers.prefer(backup); }

bool Stream::published() const { return !state_->publishers.empty(); }

void Stream::append(PublicationId id, const std::vector<IngestFrame>& frames) {
    auto& s = *state_;
    s.more_to_come = true;
    for (const auto& frame : frames) append(id, frame);
    s.more_to_come = false;
    if (s.batch.due()) s.deliver();
}

void Stream::append(PublicationId id, IngestFrame in) {
    auto& s = *state_;
    s.parts.metrics.received_bytes.Increment(static_cast<double>(in.payload->size()));
    const auto verdict = s.publishers.judge(id, in.kind, in.keyframe, in.arrival, s.live);
    using Verdict = Publishers::Verdict;
    if (verdict == Verdict::drop) return;
    if (verdict == Verdict::stand_by || verdict == Verdict::take_over) {
        s.standby.add(id, std::move(in));
        if (verdict == Verdict::take_over) s.take_over(id);
        return s.note_loss();
    }
    if (verdict == Verdict::take_as_new_source) {
        s.end_absence(in.arrival, in);
        s.timeline.new_publisher();
        s.other_source();
    }
    const auto placed = s.timeline.place(in.kind, in.timestamp, in.arrival);
    if (placed.late) return s.stand_in.end_lead_in();
    s.lead_in(in.kind, placed.dts_ms);
    const auto taken = s.take(std::move(in), placed);
    s.count(*taken.frame, taken.repaired);
    s.note(taken.frame);
}

/// Another source goes on with what it has sent since its last keyframe.
void Stream::State::take_over(PublicationId id) {
    const auto* key = standby.keyframe(id);
    if (!key) return publishers.wait_for_keyframe();
    const auto edge = timeline.edge(key->timestamp, key->arrival);
    auto replay = standby.replay(id, edge, stand_in.source().shown_until_ms());
    const auto known = stand_in.source().arrival();
    log::info("stream", "{}: the encoder that stood by goes on", name);
    end_absence(replay.begin, replay.frames.front().frame);
    if (known && replay.frames.front().dts_ms - timeline.newest_ms() > kHoleMs) discontinuity = true;
    other_source();
    for (auto& [in, dts_ms, due_ms] : replay.frames) {
        const auto placed = timeline.put(in.kind, dts_ms, in.arrival);
        if (placed.late) {
            stand_in.end_lead_in();
            continue;
        }
        lead_in(in.kind, std::min(due_ms, placed.dts_ms));
        const auto taken = take(std::move(in), placed);
        if (!known || taken.frame->arrival > *known) count(*taken.frame, false);
        note(taken.frame);
    }
    timeline.anchor(replay.timestamp, replay.dts_ms);
    if (segmenter) segmenter->keyframe_was_due(replay.dts_ms);
}

/// Into the stream, from wherever it comes.
Stream::State::Taken Stream::State::take(IngestFrame in, const Timeline::Placed& placed, bool stands_in) {
    discontinuity = discontinuity || placed.gap_ms > kHoleMs;
    if (!segmenter) start_run(in, placed.dts_ms);
    adopt_track(in.track);
    auto frame = std::make_shared<Frame>();
    frame->kind = in.kind;
    frame->keyframe = in.keyframe;
    frame->number = parts.state.take_frame();
    frame->dts_ms = placed.dts_ms;
    frame->cts_ms = in.cts_ms;
    frame->arrival = in.arrival;
    frame->opens_segment = segment_mark(in, placed.dts_ms, stands_in);
    if (frame->opens_segment) sound_in_segment = false;
    if (in.kind == TrackKind::audio) sound_in_segment = true;
    frame->payload = std::move(in.payload);
    frame->payload_offset = in.payload_offset;
    frame->track = in.kind == TrackKind::video ? setup->video : setup->audio;
    ++frames;
    publish(frame);
    return {std::move(frame), placed.repaired};
}

void Stream::State::start_run(const IngestFrame& first, std::int64_t dts_ms) {
    const auto wall = unix_ms(parts.clock.wall()) - whole_ms(parts.clock.now() - first.arrival);
    // Unique although the clock may have been set back: first numbers never fall.
    run = fmt::format("{:x}", parts.state.first_frame(wall) / 256);
    hls::SegmenterConfig config;
    config.target_seconds = options.segment_seconds;
    config.run = run;
    config.pdt_offset_ms = wall - dts_ms;
    config.target_duration = parts.state.target_duration();
    config.first_is_discontinuity = parts.state.had_earlier_run();
    segmenter.emplace(std::move(config), [this] { return parts.state.take_msn(); });
    log::info("stream", "{}: run {} begins", name, run);
}

void Stream::State::adopt_track(const SharedTrack& track) {
    const bool video = track->kind == TrackKind::video;
    const auto& current = video ? setup->video : setup->audio;
    if (same_parameters(current, track)) return;
    // A track that comes late joins the open segment, and whoever packages that sees it (hls::Packager).
    // So does sound that differs from the segment before: it is one change, and its segment's.
    if (current && (video || sound_in_segment)) discontinuity = true;
    auto changed = std::make_shared<StreamSetup>(*setup);
    (video ? changed->video : changed->audio) = track;
    setup = std::move(changed);
}

std::optional<SegmentMark> Stream::State::segment_mark(const IngestFrame& frame, std::int64_t dts_ms,
                                                       bool stands_in) {
    const bool video = frame.kind == TrackKind::video;
    if (!video && frame.other_track) segmenter->expect_video();
    const bool may_break = setup->video ? video && frame.keyframe : true;
    auto mark =
        segmenter->on_frame(frame.kind, frame.keyframe, dts_ms, discontinuity && may_break, stands_in);
    if (!mark) return mark;
    if (may_break) discontinuity = false;
    if (const auto settled = segmenter->target_duration(); settled && target_duration != *settled) {
        parts.state.set_target_duration(*settled);
        target_duration = *settled;
    }
    return mark;
}

void Stream::State::publish(const SharedFrame& frame) {
    auto written = writer.append(*frame, setup);
    const auto now = parts.clock.now();
    batch.add({std::move(written.entry), std::move(written.block), frame}, now);
    if (!std::exchange(live, true)) return deliver(true);
    if (batch.due() && !more_to_come) deliver();
}

/// What was gathered goes to every view, in one post: who joins sees both what is there and that it is live.
void Stream::State::deliver(bool goes_live) {
    const auto gathered = batch.take(parts.clock.now());
    if (!gathered) return;
    for (auto* view : parts.views)
        parts.workers.post(view->worker(), [view, gathered, goes_live] {
            view->append(*gathered);
            if (goes_live) view->set_live(true);
        });
}

void Stream::State::count(const Frame& frame, bool repaired) {
    parts.metrics.frames[static_cast<std::size_t>(frame.kind)]->Increment();
    if (repaired) parts.metrics.repairs.Increment();
    if (const auto gap = rates.add(frame)) parts.metrics.gap_seconds.Observe(*gap);
}

/// A frame that a source sent.
void Stream::State::note(const SharedFrame& frame) {
    stand_in.note(frame);
    if (reader != nullptr) reader->on_source_frame(frame);
}

/// What was measured of the one before says nothing about this one.
void Stream::State::other_source() {
    rates.restart();
    if (reader != nullptr) reader->on_source_lost();
}

void Stream::State::set_live(bool now_live) {
    live = now_live;
    post_to_views([now_live](StreamView& view) { view.set_live(now_live); });
}

void Stream::flush() { state_->deliver(); }

void Stream::read_source(SourceReader* reader) { state_->reader = reader; }

void Stream::advise(std::vector<Advisory> findings) {
    state_->advisories.found(std::move(findings), state_->parts.clock.wall());
}

bool Stream::source_away() const { return state_->away; }

}  // namespace tongke::relay
