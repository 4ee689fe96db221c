#include "relay/app/relay.hpp"

#include <atomic>
#include <exception>
#include <future>
#include <stdexcept>

#include "common/async/workers.hpp"
#include "common/auth/play_token.hpp"
#include "common/auth/private_file.hpp"
#include "common/auth/proof_digits.hpp"
#include "common/http/server.hpp"
#include "common/metrics/metrics.hpp"
#include "common/program/file_limit.hpp"
#include "common/time/zone.hpp"
#include "relay/api/control_plane.hpp"
#include "relay/app/config_authoriser.hpp"
#include "relay/app/data_folder.hpp"
#include "relay/app/hls_side.hpp"
#include "relay/app/http_policy.hpp"
#include "relay/app/ticker.hpp"
#include "relay/health/ingest_health.hpp"
#include "relay/http/hls_service.hpp"
#include "relay/session/media_server.hpp"
#include "relay/slate/slate_maker.hpp"
#include "relay/stream/stream_hub.hpp"
#include "relay/test_channel/test_channel.hpp"

namespace tongke::relay {
namespace {

constexpr Milliseconds kControlTick{250};

/// Throws where the operator's picture cannot be used: 09:00 is the time to learn that.
std::function<SharedStill(const StreamSetup&)> slate_of(const StreamSettings& s) {
    auto maker =
        s.slate == kNoSlate ? Result<SlateMaker>{SlateMaker::silence_only()} : SlateMaker::open(s.slate);
    if (!maker) throw std::runtime_error("slate = \"" + s.slate + "\": " + maker.error().message());
    return [maker = std::move(*maker)](const StreamSetup& source) { return maker.make(source); };
}

StreamOptions stream_options(const StreamConfig& stream) {
    const auto& s = stream.settings;
    StreamOptions out;
    out.keep_seconds = s.keep_seconds;
    out.segment_seconds = s.segment_seconds;
    out.grace_seconds = s.grace_seconds;
    out.merge_ms = s.merge_ms;
    // What the origin's readers see while its source is away comes from there.
    if (stream.upstream.empty()) out.slate = slate_of(s);
    return out;
}

MediaServerOptions media_options(const RelayConfig& c) {
    MediaServerOptions out;
    if (c.rtmp.listen.enabled())
        out.listen = c.rtmp.listen.to_string();
    else
        out.listen.clear();
    if (c.tls.enabled() && c.rtmp.tls_listen.enabled()) out.tls_listen = c.rtmp.tls_listen.to_string();
    out.tls = {c.tls.certificate, c.tls.private_key};
    out.allow_plain = c.allow_plain;
    out.limits.connections = static_cast<std::size_t>(c.limits.connections);
    out.limits.unsent_bytes = c.limits.unsent_bytes;
    out.limits.accepts_per_second = c.limits.accepts_per_second;
    out.limits.handshake = c.limits.handshake;
    return out;
}

}  // namespace

// In the order of construction; destroyed backwards, after stop().
struct Relay::State {
    State(RelayConfig c, const Clock& k) : config(std::move(c)), clock(k), workers(config.worker_count()) {}

    void check_file_limit() const;
    void make_streams();
    void start_feeds();
    void stop_feeds();
    void make_test_channel();
    void make_control();
    void make_http();
    http::ServerOptions http_options();
    std::string switch_source(const std::string& stream, bool backup);
    std::uint16_t listen(const config::Address& where, bool tls);

    RelayConfig config;
    const Clock& clock;
    metrics::Metrics metrics;
    async::Workers workers;
    async::Workers control_thread{1, "control"};
    std::optional<DataFolder> folder;
    std::optional<auth::SigningKey> key;
    std::unique_ptr<auth::PlayTokenVerifier> tokens;
    std::unique_ptr<ControlPlane> control;
    std::unique_ptr<ConfigAuthoriser> authoriser;
    std::unique_ptr<StreamHub> hub;
    Bytes channel_key;
    std::unique_ptr<TestChannel> test_channel;
    std::unique_ptr<IngestHealth> health;
    std::vector<std::pair<std::size_t, std::unique_ptr<UpstreamFeed>>> feeds;  // with the worker of each
    std::unique_ptr<HlsSide> hls;
    std::unique_ptr<MediaServer> media;
    std::unique_ptr<http::Server> http;
    std::unique_ptr<Ticker> tick;  // on the control thread
    std::atomic<bool> ready{false};
    std::uint16_t http_port = 0, https_port = 0;
};

void Relay::State::check_file_limit() const {
    const auto limit = program::raise_file_limit();
    const auto wanted = 2 * static_cast<std::uint64_t>(config.limits.connections);
    if (limit < wanted)
        log::warn(
            "app",
            "{} files and sockets may be open (LimitNOFILE): fewer than limits.connections may need, {}",
            limit, wanted);
}

void Relay::State::make_streams() {
    hub = std::make_unique<StreamHub>(workers, metrics, clock, config.data_dir,
                                      config.rtmp.io_uring && config.rtmp.listen.enabled()
                                          ? net::SendBurst::Way::io_uring
                                          : net::SendBurst::Way::send);
    for (const auto& stream : config.streams) {
        hub->add(stream.name, stream_options(stream));
        const bool own = config.test_channel.enabled && stream.name == config.test_stream;
        if (stream.publish_key.empty() && stream.upstream.empty() && !own)
            log::warn("app", "nobody may publish {}: no publish_key", stream.name);
    }
    if (!config.stream(config.lesson_stream))
        log::warn("app", "the lesson's stream is not configured: add [stream.{}]", config.lesson_stream);
}

void Relay::State::start_feeds() {
    for (const auto& c : config.streams) {
        if (c.upstream.empty()) continue;
        auto& stream = *hub->find(c.name);
        const auto home = stream.home();
        feeds.emplace_back(home, std::make_unique<UpstreamFeed>(
                                     stream, workers.context(home), clock, metrics,
                                     UpstreamFeedOptions{c.upstream, c.upstream_token_file, c.upstream_ca}));
        workers.run_on(home, [&feed = *feeds.back().second] { feed.start(); });
    }
}

void Relay::State::stop_feeds() {
    std::vector<std::promise<void>> stopped(feeds.size());
    for (std::size_t i = 0; i < feeds.size(); ++i)
        workers.run_on(feeds[i].first, [&feed = *feeds[i].second, &done = stopped[i]] {
            feed.stop([&done] { done.set_value(); });
        });
    for (std::size_t i = 0; i < feeds.size(); ++i) {
        stopped[i].get_future().wait();
        // What it posted on its way out has run.
        workers.run_on(feeds[i].first, [] {});
    }
    feeds.clear();
}

void Relay::State::make_test_channel() {
    auto* stream = hub->find(config.test_stream);
    if (!config.test_channel.enabled || !stream) return;
    channel_key = auth::load_or_create_secret(config.data_dir + "/test-channel.key");
    TestChannelOptions options;
    options.bitrate_kbps = config.test_channel.bitrate_kbps;
    test_channel = std::make_unique<TestChannel>(*stream, clock, metrics, options);
    test_channel->start();
}

void Relay::State::make_control() {
    ControlConfig c;
    c.data_dir = config.data_dir;
    c.database_url = config.database_url;
    c.lesson_stream = config.lesson_stream;
    c.test_stream = config.test_stream;
    c.help_phone = config.help_phone;
    ControlHooks hooks;
    hooks.post = [this](std::function<void()> work) { control_thread.post(0, std::move(work)); };
    hooks.streams = [this](auto done) { hub->snapshot(std::move(done)); };
    hooks.subscribers = [this](const std::string& stream, auto done) {
        if (ready)
            media->subscribers(stream, std::move(done));
        else
            done({});
    };
    hooks.switch_source = [this](const std::string& stream, const std::string& use) {
        return switch_source(stream, use == "backup");
    };
    hooks.debug_window = [this](std::optional<WallTime> begin) {
        if (!test_channel) return;
        test_channel->broadcast(begin ? std::optional{auth::proof_secret(channel_key, local_date(*begin))}
                                      : std::nullopt);
    };
    hooks.ready = [this] { return ready.load(); };
    std::exception_ptr failed;
    control_thread.run_on(0, [&] {
        try {
            control = std::make_unique<ControlPlane>(c, clock, metrics, *key, hooks);
        } catch (...) {
            failed = std::current_exception();
        }
    });
    if (failed) std::rethrow_exception(failed);
    authoriser = std::make_unique<ConfigAuthoriser>(
        config.streams, *tokens, clock, [this](auth::AuditEntry e) { control->audit(std::move(e)); });
    tick = std::make_unique<Ticker>(control_thread.context(0), kControlTick, [this] {
        control->tick();
        authoriser->tick();
    });
}

// On the control thread, which may wait for a worker; no worker ever waits for it.
std::string Relay::State::switch_source(const std::string& stream, bool backup) {
    auto* found = hub->find(stream);
    if (found == nullptr) return "no_such_stream";
    bool done = false;
    workers.run_on(found->home(), [&] { done = found->prefer(backup); });
    return done ? "" : "no_backup";
}

http::ServerOptions Relay::State::http_options() {
    http::ServerOptions out;
    out.limits.connections = static_cast<std::size_t>(config.limits.connections);
    out.limits.accepts_per_second = config.limits.accepts_per_second;
    out.limits.handshake = out.limits.head = config.limits.handshake;
    out.trusted_proxies = config.http.proxies();
    out.admit = [plain = config.allow_plain](const http::Request& r) { return refuse_plain(r, plain); };
    out.finish = [this](const http::Request& request, http::Response& response) {
        add_common_headers(request, response);
        hls->finish(request, response);
    };
    out.on_refused = [this](const std::string& reason) {
        metrics.counter("tongke_refused_total", "what was refused, by reason", {{"reason", reason}})
            .Increment();
    };
    return out;
}

void Relay::State::make_http() {
    auto router = std::make_shared<http::Router>();
    hls->add_routes(*router);
    control->add_routes(*router);
    add_pages(*router);
    std::vector<boost::asio::io_context*> contexts;
    for (std::size_t i = 0; i < workers.size(); ++i) contexts.push_back(&workers.context(i));
    http = std::make_unique<http::Server>(std::move(contexts), std::move(router), http_options());
    if (config.http.listen.enabled()) http_port = listen(config.http.listen, false);
    if (config.tls.enabled() && config.http.tls_listen.enabled())
        https_port = listen(config.http.tls_listen, true);
}

std::uint16_t Relay::State::listen(const config::Address& where, bool tls) {
    const auto text = where.to_string();
    const auto port =
        tls ? http->listen_tls(text, {config.tls.certificate, config.tls.private_key}) : http->listen(text);
    if (!port) throw std::runtime_error("cannot listen on " + text + ": " + port.error().message());
    log::info("http", "listening on {} (port {}{})", text, *port, tls ? ", TLS" : "");
    return *port;
}

Relay::Relay(RelayConfig config, const Clock& clock)
    : state_(std::make_unique<State>(std::move(config), clock)) {}

Relay::~Relay() { stop(); }

void Relay::start() {
    auto& s = *state_;
    s.check_file_limit();
    s.folder.emplace(s.config.data_dir);
    s.key = auth::SigningKey::load_or_create(signing_key_path(s.config.data_dir));
    s.tokens = std::make_unique<auth::PlayTokenVerifier>(std::vector{s.key->public_key()});
    s.make_streams();
    s.workers.start();
    s.control_thread.start();
    s.hub->start();
    s.health = std::make_unique<IngestHealth>(*s.hub, s.metrics);
    s.health->start();
    s.make_test_channel();
    s.make_control();
    s.hls = std::make_unique<HlsSide>(
        *s.hub, s.metrics, s.config.streams, *s.tokens,
        [&s](auto& peer, auto& stream, auto& why) { s.authoriser->note_refused_play(peer, stream, why); });
    s.hls->start();
    s.start_feeds();
    s.media = std::make_unique<MediaServer>(*s.hub, *s.authoriser, s.metrics, media_options(s.config));
    s.media->start();
    s.make_http();
    s.control_thread.run_on(0, [&s] { s.tick->start(); });
    s.ready = true;
    s.control->audit({"system", "relay.start", "", "ok", {}});
}

void Relay::reload(const RelayConfig& fresh) {
    auto& s = *state_;
    log::reconfigure(fresh.log.level_value(), fresh.log.file);
    if (s.https_port == 0 && s.media->tls_port() == 0) return;
    const net::TlsFiles files{fresh.tls.certificate, fresh.tls.private_key};
    Result<void> done;
    if (s.https_port != 0) done = s.http->reload_certificate(files);
    if (done && s.media->tls_port() != 0) done = s.media->reload_certificate(files);
    if (done)
        log::info("app", "certificate read again");
    else
        log::error("app", "the new certificate cannot be used, the old one stays: {}",
                   done.error().message());
}

void Relay::stop() {
    auto& s = *state_;
    s.ready = false;
    if (s.media) s.media->drain();
    std::promise<void> http_stopped;
    if (s.control) s.control->audit({"system", "relay.stop", "", "ok", {}});
    s.control_thread.run_on(0, [&s] {
        if (s.tick) s.tick->stop();
        if (s.control) s.control->stop();
    });
    if (s.test_channel) s.test_channel->stop();
    s.stop_feeds();
    if (s.hls) s.hls->stop();
    if (s.http) s.http->stop([&] { http_stopped.set_value(); });
    if (s.media) s.media->stop();
    if (s.http) http_stopped.get_future().wait();
    if (s.health) s.health->stop();
    if (s.hub) s.hub->stop();
    s.workers.stop();
    s.control_thread.stop();
    s.http.reset();
    s.media.reset();
    s.hls.reset();
    s.test_channel.reset();
    s.health.reset();
    s.hub.reset();
    s.authoriser.reset();
    s.tick.reset();
    s.control.reset();
    s.folder.reset();
}

std::uint16_t Relay::rtmp_port() const { return state_->media->port(); }
std::uint16_t Relay::rtmps_port() const { return state_->media->tls_port(); }
std::uint16_t Relay::http_port() const { return state_->http_port; }
std::uint16_t Relay::https_port() const { return state_->https_port; }

}  // namespace tongke::relay
