#include "common/pull/upstream.hpp"

#include <random>
#include <utility>

#include "common/async/aliases.hpp"
#include "common/log/log.hpp"
#include "common/pull/continuity.hpp"
#include "common/pull/hls_driver.hpp"
#include "common/pull/rtmp_driver.hpp"
#include "common/pull/rtmp_segments.hpp"

namespace tongke::pull {
namespace {

// How long a transport may be lost before the next one is tried.
constexpr std::chrono::seconds kChangeTransport{5};
// And how long it may have no such stream.
constexpr std::chrono::seconds kAskOtherTransport{20};

bool is_rtmp(const std::string& url) { return url.starts_with("rtmp"); }

/// Neighbours of one transport race each other; a change of transport is a change of group.
std::vector<std::vector<std::string>> group_by_transport(const std::vector<std::string>& urls) {
    std::vector<std::vector<std::string>> groups;
    for (auto url : urls) {
        while (url.ends_with('/')) url.pop_back();
        if (groups.empty() || is_rtmp(groups.back().front()) != is_rtmp(url)) groups.emplace_back();
        groups.back().push_back(std::move(url));
    }
    return groups;
}

}  // namespace

std::string_view label(LostReason reason) {
    switch (reason) {
        case LostReason::silent: return "silent";
        case LostReason::closed: return "closed";
        case LostReason::connect_failed: return "connect_failed";
        case LostReason::refused: return "refused";
        case LostReason::bad_answer: return "bad_answer";
    }
    return "unknown";
}

struct Upstream::State final : PullSink, FrameSink, std::enable_shared_from_this<State> {
    State(boost::asio::io_context& context, const Clock& time, UpstreamConfig chosen, UpstreamSink& receiver)
        : io(context),
          clock(time),
          config(std::move(chosen)),
          sink(receiver),
          groups(group_by_transport(config.urls)),
          continuity(config.progress),
          change(context.get_executor()) {}

    void start(std::optional<double> begin_back) {
        if (driver || groups.empty()) return;
        anew = begin_back;
        running = true;
        status.state = UpstreamState::connecting;
        status.lost_since.reset();
        status.lost_reason.reset();
        begin();
    }

    void begin() {
        const auto& group = groups[at];
        const auto seed = std::random_device{}();
        const bool rtmp = is_rtmp(group.front());
        if (rtmp) {
            RtmpPullConfig pull{group, config.stream, config.token, seed,
                                config.held_frame ? config.held_frame() : std::nullopt};
            segments.emplace(*this);
            FrameSink& frames = config.frames ? static_cast<FrameSink&>(*this) : *segments;
            driver = make_rtmp_driver(io, clock, std::move(pull), config.ca_file, *this, frames);
        } else {
            HlsPullConfig pull{group, config.stream, anew.value_or(config.start_back_seconds),
                               open_msn ? open_msn : continuity.last_relay_msn(), seed};
            pull.skip_backlog = anew.has_value();
            driver = make_hls_driver(io, clock, std::move(pull), config.ca_file, config.token, *this);
        }
        status.transport = rtmp ? "rtmp" : "hls";
        log::info("upstream", "stream {}: pulling {} from {}", config.stream, status.transport,
                  group.front());
        driver->start();
    }

    void stop(std::function<void()> stopped) {
        running = false;
        change.cancel();
        status.state = UpstreamState::stopped;
        on_stopped = std::move(stopped);
        if (ending) return;  // a change of transport is under way and will find out
        if (!driver) return boost::asio::post(io, [self = shared_from_this()] { self->after_end(); });
        end();
    }

    void end() {
        ending = true;
        driver->stop([self = shared_from_this()] {
            // The driver may still be on the call stack.
            boost::asio::post(self->io, [self] { self->after_end(); });
        });
    }

    void after_end() {
        if (driver) bytes_before += driver->bytes();
        driver.reset();
        ending = false;
        if (running) return begin();
        if (auto done = std::exchange(on_stopped, {})) done();
    }

    void change_transport() {
        if (!running || ending || groups.size() < 2) return;
        at = (at + 1) % groups.size();
        const bool waiting = status.state == UpstreamState::waiting_for_stream;
        if (waiting) status.state = UpstreamState::connecting;
        log::write(waiting ? log::Level::info : log::Level::warn, "upstream",
                   "stream " + config.stream + ": changing to " + groups[at].front());
        end();
    }

    void arm_change(std::chrono::seconds after) {
        if (groups.size() < 2) return;
        change.expires_after(after);
        change.async_wait([weak = weak_from_this()](Error error) {
            const auto self = weak.lock();
            if (!self || error) return;
            if (self->status.lost_since || self->status.state == UpstreamState::waiting_for_stream)
                self->change_transport();
        });
    }

    void pulled(hls::SharedSegment segment, const SegmentArrival& arrival) override {
        open_msn.reset();
        auto outcome = continuity.pass(std::move(segment));
        if (!running || !outcome.segment) return;
        line_back(clock.now());  // after a change of transport nobody else says so
        status.state = UpstreamState::running;
        status.last_msn = outcome.segment->msn;
        ++counters.segments;
        if (std::exchange(anew, std::nullopt)) outcome.missed = 0;
        counters.segments_missed += outcome.missed;
        if (outcome.missed > 0) {
            log::warn("upstream", "stream {}: {} segments before {} are gone", config.stream, outcome.missed,
                      outcome.segment->msn);
        }
        note_gap(*outcome.segment);
        sink.on_segment(std::move(outcome.segment), arrival);
        sink.on_progress(*continuity.progress());
    }

    /// One line for many: a relay may list what it does not have for as long as it likes.
    void note_gap(const hls::Segment& segment) {
        if (segment.gap) {
            ++counters.segments_missed;
            if (gaps++ == 0)
                log::warn("upstream", "stream {}: segment {} is listed and not there", config.stream,
                          segment.name);
        } else if (const auto missed = std::exchange(gaps, 0)) {
            log::info("upstream", "stream {}: {} segments were listed and not there", config.stream, missed);
        }
    }

    void frame(const SharedFrame& frame) override {
        if (!running) return;
        line_back(clock.now());
        status.state = UpstreamState::running;
        // The segment that is under way is fetched again after a change to HLS: of it the frames are taken
        // that are new.
        if (frame->opens_segment) open_msn = frame->opens_segment->msn - 1;
        config.frames->frame(frame);
    }
    void numbers_begin_anew() override {
        open_msn.reset();
        config.frames->numbers_begin_anew();
    }

    void relay_answered(SteadyTime when, std::int64_t end_pdt_ms) override {
        if (running) sink.on_relay_answer(when, end_pdt_ms);
    }

    void line_lost(SteadyTime since, LostReason reason, const std::string& detail) override {
        if (!running) return;
        const bool known = status.lost_since.has_value();
        status.state = UpstreamState::lost;
        status.detail = detail;
        status.lost_reason = reason;
        ++counters.reconnects[static_cast<std::size_t>(reason)];
        arm_change(kChangeTransport);
        if (known) return;  // by the transport before this one
        status.lost_since = since;
        log::warn("upstream", "stream {}: lost ({}): {}", config.stream, label(reason), detail);
        sink.on_lost(since, reason);
    }

    void line_back(SteadyTime when) override {
        if (!running || !status.lost_since) return;
        const auto ms = std::chrono::duration_cast<Milliseconds>(when - *status.lost_since).count();
        log::info("upstream", "stream {}: back after {} ms", config.stream, ms);
        status.lost_since.reset();
        status.lost_reason.reset();
        status.state = UpstreamState::running;
        change.cancel();
        sink.on_back(when);
    }

    void no_stream_yet() override {
        if (!running || status.lost_since) return;
        if (std::exchange(status.state, UpstreamState::waiting_for_stream) !=
            UpstreamState::waiting_for_stream)
            arm_change(kAskOtherTransport);
    }

    void raced() override { ++counters.races; }

    boost::asio::io_context& io;
    const Clock& clock;
    UpstreamConfig config;
    UpstreamSink& sink;
    std::vector<std::vector<std::string>> groups;
    std::size_t at = 0;
    std::optional<double> anew;  // until the first segment of this start
    Continuity continuity;
    std::optional<RtmpSegments> segments;
    std::optional<std::int64_t> open_msn;  // before the segment that came last over RTMP
    std::unique_ptr<Driver> driver;
    async::Timer change;
    bool running = false;
    bool ending = false;
    std::function<void()> on_stopped;
    UpstreamStatus status;
    UpstreamCounters counters;
    int gaps = 0;  // in a row
    std::uint64_t bytes_before = 0;
};

Upstream::Upstream(boost::asio::io_context& io, const Clock& clock, UpstreamConfig config, UpstreamSink& sink)
    : state_(std::make_shared<State>(io, clock, std::move(config), sink)) {}

Upstream::~Upstream() = default;

void Upstream::start(std::optional<double> begin_back) { state_->start(begin_back); }

void Upstream::stop(std::function<void()> stopped) { state_->stop(std::move(stopped)); }

UpstreamStatus Upstream::status() const {
    auto status = state_->status;
    if (state_->driver) status.url = state_->driver->url();
    return status;
}

UpstreamCounters Upstream::counters() const {
    auto counters = state_->counters;
    counters.bytes = state_->bytes_before + (state_->driver ? state_->driver->bytes() : 0);
    return counters;
}

}  // namespace tongke::pull
