#include "relay/upstream/upstream_feed.hpp"

#include <fstream>
#include <utility>

#include "common/log/sparse.hpp"
#include "common/pull/segment_frames.hpp"
#include "common/pull/upstream.hpp"

namespace tongke::relay {
namespace {

// Readers here want something to begin with (pull::UpstreamConfig).
constexpr double kStartBack = 8;

/// Its first word; "" where it cannot be read.
std::string read_token(const std::string& path) {
    std::string token;
    std::ifstream(path) >> token;
    return token;
}

/// Port 80 is not a part of port 8080.
bool belongs_to(std::string_view url, std::string_view address) {
    return url.starts_with(address) && (url.size() == address.size() || url[address.size()] == '/');
}

std::string without_scheme(const std::string& url) {
    const auto at = url.find("://");
    return at == url.npos ? url : url.substr(at + 3);
}

}  // namespace

struct UpstreamFeed::State final : pull::UpstreamSink, pull::FrameSink {
    State(Stream& s, boost::asio::io_context& home, const Clock& c, metrics::Metrics& metrics,
          UpstreamFeedOptions o)
        : stream(s),
          clock(c),
          options(std::move(o)),
          received(metrics.counter("tongke_upstream_received_bytes_total", "bytes pulled from other relays",
                                   {{"stream", stream.name()}})),
          unreadable(metrics.counter("tongke_refused_total", "what was refused, by reason",
                                     {{"reason", "bad_upstream_segment"}})) {
        for (const auto reason :
             {pull::LostReason::silent, pull::LostReason::closed, pull::LostReason::connect_failed,
              pull::LostReason::refused, pull::LostReason::bad_answer})
            lost[static_cast<std::size_t>(reason)] =
                &metrics.counter("tongke_upstream_reconnects_total", "connections to other relays lost",
                                 {{"reason", std::string{pull::label(reason)}}});
        pull::UpstreamConfig config;
        for (const auto& address : options.addresses) config.urls.push_back(address.url);
        config.stream = stream.name();
        config.start_back_seconds = kStartBack;
        config.ca_file = options.ca_file;
        config.token = [this](std::string_view url) { return token(url); };
        config.frames = this;
        config.held_frame = [this] { return stream.pulled_frame(); };
        upstream.emplace(home, clock, std::move(config), *this);
    }

    std::string token(std::string_view url) const {
        for (const auto& address : options.addresses)
            if (belongs_to(url, address.url) && !address.token.empty()) return address.token;
        return options.token_file.empty() ? std::string() : read_token(options.token_file);
    }

    /// The first frame of a connection, or after it was lost.
    void note_source() {
        if (std::exchange(connected, true)) return;
        const auto status = upstream->status();
        PublisherInfo relay;
        relay.address = without_scheme(status.url);
        relay.client = "tongke-relay (" + status.transport + ")";
        relay.since = clock.wall();
        stream.pull_from(std::move(relay));
        stream.pull_connected(true);
    }
    void note_lost() {
        connected = false;
        stream.pull_connected(false);
    }

    void frame(const SharedFrame& frame) override {
        note_source();
        count_bytes();
        stream.append_pulled(frame);
    }
    void numbers_begin_anew() override { stream.begin_anew(); }

    void on_segment(hls::SharedSegment segment, const pull::SegmentArrival&) override {
        const auto taken = frames.take(*segment, clock.now());
        stream.flush();  // what follows comes with the next segment
        if (taken) return;
        unreadable.Increment();
        log::sparse(log::Level::warn, "upstream", "bad_upstream_segment", "stream {}: segment {}: {}",
                    stream.name(), segment->name, taken.error().message());
    }
    void on_relay_answer(SteadyTime, std::int64_t) override { count_bytes(); }
    void on_lost(SteadyTime, pull::LostReason reason) override {
        lost[static_cast<std::size_t>(reason)]->Increment();
        note_lost();
    }
    void on_back(SteadyTime) override { stream.pull_connected(true); }
    void on_progress(const pull::UpstreamProgress&) override {}

    void count_bytes() {
        const auto now = upstream->counters().bytes;
        received.Increment(static_cast<double>(now - counted));
        counted = now;
    }

    Stream& stream;
    const Clock& clock;
    const UpstreamFeedOptions options;
    prometheus::Counter& received;
    prometheus::Counter& unreadable;
    prometheus::Counter* lost[5]{};
    pull::SegmentFrames frames{*this};
    std::optional<pull::Upstream> upstream;
    std::uint64_t counted = 0;
    bool connected = false;
};

UpstreamFeed::UpstreamFeed(Stream& stream, boost::asio::io_context& home, const Clock& clock,
                           metrics::Metrics& metrics, UpstreamFeedOptions options)
    : state_(std::make_unique<State>(stream, home, clock, metrics, std::move(options))) {}

UpstreamFeed::~UpstreamFeed() = default;

void UpstreamFeed::start() {
    state_->stream.pull_from({});
    state_->upstream->start();
}

void UpstreamFeed::stop(std::function<void()> stopped) { state_->upstream->stop(std::move(stopped)); }

}  // namespace tongke::relay
