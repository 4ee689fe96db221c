#include "relay/stream/stream.hpp"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "common/hls/segmenter.hpp"
#include "common/log/log.hpp"
#include "common/media/flv.hpp"
#include "relay/stream/advisories.hpp"
#include "relay/stream/rates.hpp"
#include "relay/stream/stand_in.hpp"
#include "relay/stream/standby_group.hpp"
#include "relay/stream/stream_parts.hpp"
#include "relay/stream/timeline.hpp"

namespace tongke::relay {
namespace {

// A hole this long in the timeline is a DISCONTINUITY; less, players bridge.
constexpr std::int64_t kHoleMs = 500;
constexpr std::chrono::seconds kTimeToBegin{10};
// An encoder may begin with one of its tracks.
constexpr std::chrono::seconds kTimeToSendBoth{10};
// Seconds between picture and sound that belong together, as they arrive: players hold what came first.
constexpr double kSkewLimit = 1;

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
        : name(std::move(n)),
          options(o),
          parts(std::move(p)),
          advisories(name),
          setup(std::make_shared<StreamSetup>()) {
        target_duration = parts.state.target_duration().value_or(0);
    }

    struct Taken {
        SharedFrame frame;
        bool repaired;
    };
    Taken take(IngestFrame in, const Timeline::Placed& placed, bool stands_in = false);
    void take_over(PublicationId id);
    void start_run(const IngestFrame& first, std::int64_t dts_ms);
    void adopt_track(const SharedTrack& track);
    std::optional<SegmentMark> segment_mark(const IngestFrame& frame, std::int64_t dts_ms, bool stands_in);
    void note_loss();
    bool grace_over(SteadyTime now) const;
    void publish(const SharedFrame& frame);
    void count(const Frame& frame, bool repaired);
    void note(const SharedFrame& frame);
    void other_source();
    void advise_of_encoder(SteadyTime now);
    Milliseconds slate_after() const;
    void begin_slate(SteadyTime now);
    void end_absence(SteadyTime arrival, const SharedTrack& first);
    void fill_until(SteadyTime moment);
    void lead_in(TrackKind kind, std::int64_t dts_ms);
    void put(Filler::Filled filled);
    void keep_slate_ready();
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
    bool discontinuity = false;                // waits for the next keyframe
    bool just_broken = false;                  // since the last one no sound came
    int segments = 0;                          // opened in this run, up to two
    std::optional<SteadyTime> publisher_lost;  // since when nobody sends; until another's first frame
    bool lost_generated = false;               // it was the relay's own
    // By whoever publishes a lesson; that the test channel ends is the schedule's.
    std::atomic<bool> away{false};
    StandIn stand_in;
    StandbyGroup standby;
    SourceReader* reader = nullptr;
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

/// Nobody sends any more: also where the one that took the place has not begun to.
void Stream::State::note_loss() {
    if (publishers.sending() || publisher_lost || !stand_in.source().arrival()) return;
    publisher_lost = parts.clock.now();
    away = live && !lost_generated;
    if (reader != nullptr) reader->on_source_lost();
    flush_what_is_left();
}

bool Stream::State::grace_over(SteadyTime now) const {
    const std::chrono::seconds grace{options.grace_seconds};
    // Whoever is connected may take a moment to begin.
    const auto limit = publishers.empty() ? grace : std::max(grace, kTimeToBegin);
    return publisher_lost && now - *publisher_lost >= limit;
}

bool Stream::prefer(bool backup) { return state_->publishers.prefer(backup); }

bool Stream::published() const { return !state_->publishers.empty(); }

void Stream::append(PublicationId id, IngestFrame in) {
    auto& s = *state_;
    s.parts.metrics.received_bytes.Increment(static_cast<double>(in.payload->size()));
    const auto verdict = s.publishers.judge(id, in.kind, in.keyframe, in.arrival);
    using Verdict = Publishers::Verdict;
    if (verdict == Verdict::drop) return;
    if (verdict == Verdict::stand_by || verdict == Verdict::take_over) {
        s.standby.add(id, std::move(in));
        if (verdict == Verdict::take_over) s.take_over(id);
        return s.note_loss();
    }
    if (verdict == Verdict::take_as_new_source) {
        s.end_absence(in.arrival, in.track);
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
    end_absence(replay.begin, replay.frames.front().frame.track);
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
    if (frame->opens_segment && frame->opens_segment->discontinuity) just_broken = true;
    if (in.kind == TrackKind::audio) just_broken = false;
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
    // A track that comes late joins what is being served from the second segment on.
    // So does sound that differs where the picture has just broken: it is one change, not two.
    if ((current && (video || !just_broken)) || (!current && segments > 1)) discontinuity = true;
    auto changed = std::make_shared<StreamSetup>(*setup);
    (video ? changed->video : changed->audio) = track;
    setup = std::move(changed);
}

std::optional<SegmentMark> Stream::State::segment_mark(const IngestFrame& frame, std::int64_t dts_ms,
                                                       bool stands_in) {
    const bool video = frame.kind == TrackKind::video;
    const bool may_break = setup->video ? video && frame.keyframe : true;
    auto mark =
        segmenter->on_frame(frame.kind, frame.keyframe, dts_ms, discontinuity && may_break, stands_in);
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

/// A source is (back) there and its first frame comes, in the parameters of `first`: what lies between is
/// closed.
void Stream::State::end_absence(SteadyTime arrival, const SharedTrack& first) {
    const bool closable = live && stand_in.source().arrival() && target_duration > 0 && !grace_over(arrival);
    publisher_lost.reset();
    away = false;
    if (closable) {
        stand_in.hold_until(arrival);
        fill_until(arrival);
    }
    stand_in.source_is_back(arrival, first, closable);
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

void Stream::read_source(SourceReader* reader) { state_->reader = reader; }

void Stream::advise(std::vector<Advisory> findings) {
    state_->advisories.found(std::move(findings), state_->parts.clock.wall());
}

bool Stream::source_away() const { return state_->away; }

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
    if (std::exchange(s.frames_at_tick, s.frames) == s.frames && s.live) s.flush_what_is_left();
    if (s.live && s.grace_over(now)) {
        log::write(s.lost_generated ? log::Level::info : log::Level::warn, "stream",
                   fmt::format("{}: no publisher came back within {} s", s.name, s.options.grace_seconds));
        s.set_live(false);
        s.stand_in.give_up();
        s.parts.metrics.slate.Set(0);
        s.away = false;
    }
    s.advise_of_encoder(now);
}

void Stream::State::advise_of_encoder(SteadyTime now) {
    using Level = AdvisoryLevel;
    const auto wall = parts.clock.wall();
    const bool long_gop = segmenter && segmenter->keyframe_interval_too_long();
    advisories.set({"two_encoders", "两台编码器在用同一个推流密钥争抢本路直播，请只保留一台", Level::alarm},
                   publishers.two_encoders(now), wall);
    advisories.set({"keyframe_interval", "编码器的关键帧间隔太长，请设为 2 秒", Level::warning}, long_gop,
                   wall);
    advisories.set({"slate", "主课堂的推流中断了，正在播放等待画面，请检查编码器和它的网络", Level::alarm},
                   stand_in.slate_on(), wall);
    advisories.set_recent({"timestamps", "编码器的时间戳不连续，已自动修正，请检查编码器", Level::warning},
                          timeline.repairs(), wall);
    // Only of a source that sends: what is away is said by the slate.
    const bool sends = live && !publisher_lost && rates.age(now) >= kTimeToSendBoth;
    const auto pictures = rates.fps(now), sounds = rates.sounds_per_second(now);
    advisories.set({"no_picture", "编码器只送来声音，没有画面，请检查摄像机和编码器的输入", Level::alarm},
                   sends && pictures == 0 && sounds > 0, wall);
    advisories.set({"no_sound", "编码器没有送来声音，请检查话筒和编码器的音频输入", Level::alarm},
                   sends && sounds == 0 && pictures > 0, wall);
    const auto skew = rates.av_skew_s(now);
    advisories.set({"av_skew", "编码器送来的声音和画面相差太多，请检查编码器", Level::warning},
                   sends && skew && std::abs(*skew) > kSkewLimit, wall);
}

StreamInfo Stream::info() const {
    const auto& s = *state_;
    const auto now = s.parts.clock.now();
    StreamInfo info;
    info.name = s.name;
    info.live = s.live;
    info.slate = s.stand_in.slate_state();
    info.last_source_frame = s.stand_in.source().frame_number();
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
    info.b_frames = s.rates.b_frames(now);
    info.av_skew_s = s.rates.av_skew_s(now);
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
    info.past_advisories.assign(s.advisories.past().begin(), s.advisories.past().end());
    return info;
}

}  // namespace tongke::relay
