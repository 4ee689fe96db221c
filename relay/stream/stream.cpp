#include "relay/stream/stream.hpp"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "common/hls/segmenter.hpp"
#include "common/log/log.hpp"
#include "common/media/flv.hpp"
#include "relay/stream/advisories.hpp"
#include "relay/stream/rates.hpp"
#include "relay/stream/stream_parts.hpp"
#include "relay/stream/timeline.hpp"

namespace tongke::relay {
namespace {

// A hole this long in the timeline is a DISCONTINUITY; less, players bridge.
constexpr std::int64_t kHoleMs = 500;

bool same_track(const SharedTrack& a, const SharedTrack& b) {
    return a == b || (a && b && a->codec == b->codec && *a->decoder_config == *b->decoder_config);
}

std::string codec_text(const SharedTrack& track) {
    if (!track) return {};
    if (track->kind == TrackKind::video) {
        const auto config = flv::parse_avc_config(*track->decoder_config);
        return config ? config->codecs() : std::string{};
    }
    const auto config = flv::parse_audio_config(*track->decoder_config);
    return config ? config->codecs() : std::string{};
}

}  // namespace

struct Stream::State {
    State(std::string n, StreamOptions o, StreamParts p)
        : name(std::move(n)), options(o), parts(std::move(p)), setup(std::make_shared<StreamSetup>()) {
        target_duration = parts.state.target_duration().value_or(0);
    }

    void start_run(const IngestFrame& first, std::int64_t dts_ms);
    void adopt_track(const SharedTrack& track);
    std::optional<SegmentMark> segment_mark(const IngestFrame& frame, std::int64_t dts_ms);
    void publish(const SharedFrame& frame);
    void count(const IngestFrame& frame, bool repaired);
    template <class Work>
    void post_to_views(Work work);
    void set_live(bool now_live);
    void flush_what_is_left();

    const std::string name;
    const StreamOptions options;
    StreamParts parts;
    Publishers publishers;
    Timeline timeline;
    WireWriter writer;
    Rates rates;
    Advisories advisories;
    std::optional<hls::Segmenter> segmenter;  // from the run's first frame on
    SharedSetup setup;
    std::string run;
    bool live = false;
    bool discontinuity = false;  // waits for the next keyframe
    int segments = 0;            // opened in this run, up to two
    std::optional<SteadyTime> publisher_lost;
    bool lost_generated = false;  // and it was the relay's own
    std::uint64_t frames = 0;
    std::uint64_t frames_at_tick = 0;
    std::atomic<int> target_duration{0};
    std::array<std::atomic<int>, kTransports> subscribers{};
};

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
    const auto publication = s.publishers.begin(std::move(who), std::move(on_replaced), s.parts.clock.now());
    s.parts.metrics.publisher_up.Set(s.publishers.empty() ? 0 : 1);
    if (publication.id != 0) s.publisher_lost.reset();
    return publication;
}

void Stream::end(PublicationId id) {
    auto& s = *state_;
    if (const auto* source = s.publishers.source()) s.lost_generated = source->generated;
    s.publishers.end(id);
    if (!s.publishers.empty() || s.publisher_lost) return;
    s.parts.metrics.publisher_up.Set(0);
    s.publisher_lost = s.parts.clock.now();
    s.flush_what_is_left();
}

bool Stream::prefer(bool backup) { return state_->publishers.prefer(backup); }

bool Stream::published() const { return !state_->publishers.empty(); }

void Stream::append(PublicationId id, IngestFrame in) {
    auto& s = *state_;
    s.parts.metrics.received_bytes.Increment(static_cast<double>(in.payload->size()));
    const auto verdict = s.publishers.judge(id, in.kind, in.keyframe, in.arrival);
    if (verdict == Publishers::Verdict::drop) return;
    if (verdict == Publishers::Verdict::take_as_new_source) {
        s.timeline.new_publisher();
        s.rates.restart();
    }
    const auto placed = s.timeline.place(in.kind, in.timestamp, in.arrival);
    s.discontinuity = s.discontinuity || placed.gap_ms > kHoleMs;
    if (!s.segmenter) s.start_run(in, placed.dts_ms);
    s.adopt_track(in.track);
    s.count(in, placed.repaired);

    auto frame = std::make_shared<Frame>();
    frame->kind = in.kind;
    frame->keyframe = in.keyframe;
    frame->number = s.parts.state.take_frame();
    frame->dts_ms = placed.dts_ms;
    frame->cts_ms = in.cts_ms;
    frame->arrival = in.arrival;
    frame->payload = std::move(in.payload);
    frame->payload_offset = in.payload_offset;
    frame->track = in.kind == TrackKind::video ? s.setup->video : s.setup->audio;
    frame->opens_segment = s.segment_mark(in, placed.dts_ms);
    s.publish(frame);
}

void Stream::State::start_run(const IngestFrame& first, std::int64_t dts_ms) {
    const auto wall = unix_ms(parts.clock.wall()) -
                      std::chrono::duration_cast<Milliseconds>(parts.clock.now() - first.arrival).count();
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
    if (same_track(current, track)) return;
    // A track that comes late joins what is being served from the second segment on.
    if (current || segments > 1) discontinuity = true;
    auto changed = std::make_shared<StreamSetup>(*setup);
    (video ? changed->video : changed->audio) = track;
    setup = std::move(changed);
}

std::optional<SegmentMark> Stream::State::segment_mark(const IngestFrame& frame, std::int64_t dts_ms) {
    const bool video = frame.kind == TrackKind::video;
    const bool may_break = setup->video ? video && frame.keyframe : true;
    auto mark = segmenter->on_frame(frame.kind, frame.keyframe, dts_ms, discontinuity && may_break);
    if (!mark) return mark;
    if (may_break) discontinuity = false;
    segments = std::min(segments + 1, 2);
    if (const auto settled = segmenter->target_duration(); settled && target_duration != *settled) {
        parts.state.set_target_duration(*settled);
        target_duration = *settled;
    }
    return mark;
}

void Stream::State::publish(const SharedFrame& frame) {
    const auto written = writer.append(*frame, setup);
    const bool goes_live = !std::exchange(live, true);
    post_to_views([written, frame, goes_live](StreamView& view) {
        view.append(written.entry, written.block, frame);
        if (goes_live) view.set_live(true);
    });
}

void Stream::State::count(const IngestFrame& frame, bool repaired) {
    ++frames;
    parts.metrics.frames[static_cast<std::size_t>(frame.kind)]->Increment();
    if (repaired) parts.metrics.repairs.Increment();
    if (const auto gap = rates.add(frame.kind, frame.payload->size(), frame.arrival))
        parts.metrics.gap_seconds.Observe(*gap);
}

template <class Work>
void Stream::State::post_to_views(Work work) {
    for (auto* view : parts.views) parts.workers.post(view->worker(), [view, work] { work(*view); });
}

void Stream::State::set_live(bool now_live) {
    live = now_live;
    post_to_views([now_live](StreamView& view) { view.set_live(now_live); });
}

void Stream::State::flush_what_is_left() {
    post_to_views([](StreamView& view) { view.flush(); });
}

void Stream::tick() {
    auto& s = *state_;
    const auto now = s.parts.clock.now();
    if (std::exchange(s.frames_at_tick, s.frames) == s.frames && s.live) s.flush_what_is_left();
    if (s.live && s.publisher_lost &&
        now - *s.publisher_lost >= std::chrono::seconds(s.options.grace_seconds)) {
        // The test channel goes by the schedule; an encoder that goes is somebody's business.
        log::write(s.lost_generated ? log::Level::info : log::Level::warn, "stream",
                   fmt::format("{}: no publisher came back within {} s", s.name, s.options.grace_seconds));
        s.set_live(false);
    }
    const bool fight = s.publishers.two_encoders(now);
    const bool long_gop = s.segmenter && s.segmenter->keyframe_interval_too_long();
    const auto wall = s.parts.clock.wall();
    s.advisories.set("two_encoders", "两台编码器在用同一个推流密钥争抢本路直播，请只保留一台", fight, wall);
    s.advisories.set("keyframe_interval", "编码器的关键帧间隔太长，请设为 2 秒", long_gop, wall);
    s.advisories.set_recent("timestamps", "编码器的时间戳不连续，已自动修正，请检查编码器",
                            s.timeline.repairs(), wall);
}

StreamInfo Stream::info() const {
    const auto& s = *state_;
    const auto now = s.parts.clock.now();
    StreamInfo info;
    info.name = s.name;
    info.live = s.live;
    if (const auto* source = s.publishers.source()) info.publisher = *source;
    info.video_codec = codec_text(s.setup->video);
    info.audio_codec = codec_text(s.setup->audio);
    if (s.setup->video) {
        info.width = s.setup->video->width;
        info.height = s.setup->video->height;
    }
    info.bitrate_bps = s.rates.bitrate_bps(now);
    info.fps = s.rates.fps(now);
    if (s.segmenter)
        info.keyframe_interval_s = static_cast<double>(s.segmenter->keyframe_interval_ms()) / 1000;
    info.gaps = s.rates.gaps();
    info.timestamp_repairs = s.timeline.repairs();
    for (std::size_t i = 0; i < kTransports; ++i) info.subscribers[i] = s.subscribers[i];
    const auto& log = s.parts.views[s.parts.home]->log();
    if (!log.empty()) {
        info.log_span_s = static_cast<double>(log.back().dts_ms - log.front().dts_ms) / 1000;
        info.log_bytes = log.end() - log.begin();
        info.first_frame = log.front().number;
        info.last_frame = log.back().number;
    }
    info.run = s.run;
    info.target_duration_s = s.target_duration;
    info.advisories = s.advisories.list();
    return info;
}

}  // namespace tongke::relay
