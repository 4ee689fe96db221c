#include "player/app/node.hpp"

#include <future>
#include <optional>
#include <utility>

#include "common/async/aliases.hpp"
#include "common/async/signals.hpp"
#include "common/async/workers.hpp"
#include "common/auth/random.hpp"
#include "common/http/client.hpp"
#include "common/log/log.hpp"
#include "common/time/ticks.hpp"
#include "player/app/link_probe.hpp"
#include "player/app/local_api.hpp"
#include "player/app/relay_link.hpp"
#include "player/app/web_policy.hpp"
#include "player/http/room_json.hpp"
#include "player/link/files.hpp"

namespace tongke::player {
namespace {

// The buffer gauges fall a second a second and must stay within half a second of the browser's own.
constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::seconds kTestMediaFor{20};  // after it was last asked for

}  // namespace

/// Made in this order, stopped by stop() in the opposite one.
struct Node::Parts {
    explicit Parts(NodeOptions o) : options(std::move(o)) {}

    NodeOptions options;
    SystemClock clock;
    async::Workers io{1, "player"}, disk{1, "disk"}, logins{1, "login"};
    metrics::Metrics registry;
    NodeMetrics metrics{registry};
    std::unique_ptr<telemetry::Spool> spool;
    std::unique_ptr<telemetry::Journal> journal;
    std::unique_ptr<EventLog> events;
    std::unique_ptr<Control> control;
    std::unique_ptr<MediaChannel> lesson, test_channel;
    std::unique_ptr<http::Client> client;
    std::unique_ptr<LiveTests> tests;
    Classrooms classrooms;
    std::unique_ptr<Site> site;
    std::unique_ptr<RelayLink> link;
    std::unique_ptr<http::Server> server, local_server;
    std::unique_ptr<async::Signals> signals;
    std::unique_ptr<async::Timer> ticker;
    SteadyTime test_media_until{};
    bool resumed = false;  // the lessons that played before this process began
    bool stopping = false;
    std::promise<void> stopped;

    std::string data_dir() const { return options.data_dir.string(); }
    boost::asio::io_context& context() { return io.context(0); }
    Executor on_io() {
        return [this](std::function<void()> work) { io.post(0, std::move(work)); };
    }
    Executor on_disk() {
        return [this](std::function<void()> work) { disk.post(0, std::move(work)); };
    }
    Executor on_login() {
        return [this](std::function<void()> work) { logins.post(0, std::move(work)); };
    }

    void build();
    void build_media();
    void build_site();
    void join();
    void open();
    void connect();
    void bundle_changed(SharedBundle bundle);
    void resume_lessons();
    void replay_beacons();
    void tick_later();
    void tick();
    void choose_pulls();
    double test_begin_back() const;
    void advance_rooms();
    void reload();
    void stop();
    void stop_stores();
    std::unique_ptr<MediaChannel> make_channel(const char* name, bool lesson_stream);
};

void Node::Parts::build() {
    std::filesystem::create_directories(options.data_dir);
    telemetry::SpoolOptions spool_options;
    spool_options.folder = options.data_dir / "spool";
    spool_options.boot = auth::random_hex(8);
    spool = std::make_unique<telemetry::Spool>(spool_options, on_disk(), on_io());
    telemetry::JournalOptions journal_options;
    journal_options.folder = options.data_dir / "beacons";
    journal = std::make_unique<telemetry::Journal>(journal_options, on_disk(), on_io());
    events = std::make_unique<EventLog>(
        *spool, [this] { return link ? link->identity().node : std::string{}; },
        [this] {
            if (link && !stopping) link->news();
        });
    ControlOptions control_options;
    control_options.folder = options.data_dir;
    control_options.on_io = on_io();
    control_options.on_disk = on_disk();
    control_options.on_login = on_login();
    control = std::make_unique<Control>(std::move(control_options), clock);
    build_media();
    build_site();
    join();
}

std::unique_ptr<MediaChannel> Node::Parts::make_channel(const char* name, bool lesson_stream) {
    ChannelOptions channel;
    channel.source = [this, lesson_stream] {
        const auto bundle = control->bundle();
        ChannelSource source;
        source.stream = lesson_stream ? bundle->lesson_stream : bundle->test_stream;
        source.urls = options.upstreams.empty() ? std::vector{link->relay_url()} : options.upstreams;
        return source;
    };
    channel.token = [this, lesson_stream] {
        const auto bundle = control->bundle();
        if (!bundle) return std::string{};
        return bundle->play_token(lesson_stream ? bundle->lesson_stream : bundle->test_stream);
    };
    channel.ca_file = options.relay_ca;
    channel.progress_file = options.data_dir / (std::string{name} + ".json");
    channel.latency_seconds = options.latency_seconds;
    channel.on_disk = on_disk();
    if (!lesson_stream) channel.begin_back = [this] { return test_begin_back(); };
    return std::make_unique<MediaChannel>(context(), clock, std::move(channel));
}

void Node::Parts::build_media() {
    http::ClientOptions client_options;
    client_options.ca_file = options.relay_ca;
    client_options.user_agent = "tongke-player";
    client = std::make_unique<http::Client>(context(), client_options);
    lesson = make_channel("pull-lesson", true);
    test_channel = make_channel("pull-test", false);
    TestPorts ports;
    ports.attending = [this](const std::string& room, auth::Role role) {
        return control->attending(room, role);
    };
    ports.probe = [this](const hls::Segment& segment, auto done) {
        const auto bundle = control->bundle();
        ProbeTarget target;
        target.base_url = http_base(test_channel->status().url, link ? link->relay_url() : std::string{});
        target.path = "/hls/" + bundle->test_stream + "/" + segment.name;
        target.token = bundle->play_token(bundle->test_stream);
        probe_link(
            *client, target, [this] { return lesson->counters().bytes + test_channel->counters().bytes; },
            std::move(done));
    };
    ports.begins = [this] {
        test_channel->begin_anew();
        choose_pulls();
    };
    const auto running_tests = (options.data_dir / "running-tests.json").string();
    ports.keep = [this, running_tests](std::string text, std::function<void()> kept) {
        disk.post(0, [this, running_tests, text = std::move(text), kept = std::move(kept)] {
            if (const auto saved = write_whole(running_tests, text); !saved)
                log::error("control", "{} cannot be written: {}", running_tests, saved.error().message());
            if (kept) io.post(0, kept);
        });
    };
    tests = std::make_unique<LiveTests>(*test_channel, *events, metrics, clock, std::move(ports));
    tests->recover(read_whole(running_tests).value_or("[]"));
}

void Node::Parts::build_site() {
    site = std::unique_ptr<Site>(new Site{*control, classrooms, *tests, *lesson, *test_channel, *spool,
                                          *journal, metrics, clock,
                                          [this] { return link ? link->identity().node : std::string{}; },
                                          [this] {
                                              test_media_until = clock.now() + kTestMediaFor;
                                              choose_pulls();
                                          }});
    auto router = std::make_shared<http::Router>();
    add_routes(*router, *site);
    auto policy = web_policy(options);
    policy.on_refused = [this](const std::string& reason) { metrics.refused(reason); };
    server = std::make_unique<http::Server>(std::vector{&context()}, std::move(router), std::move(policy));
}

/// What one part tells another.
void Node::Parts::join() {
    control->test_session = [this](std::string_view room) { return tests->session(room); };
    control->on_started = [this](const Lease& lease) {
        if (const auto room = classrooms.find(lease.room); room != classrooms.end())
            room->second->begin(lease);
        choose_pulls();
        advance_rooms();
    };
    control->on_ended = [this](const Lease& lease, WallTime at) {
        if (const auto room = classrooms.find(lease.room); room != classrooms.end()) room->second->end(at);
        choose_pulls();
        advance_rooms();
    };
    const auto for_playing_rooms = [this](std::string_view type, SteadyTime at) {
        for (const auto& [room, lease] : control->leases().all())
            events->add({.room = room,
                         .type = type,
                         .key = {},
                         .begin = read_clocks(clock).to_wall(at),
                         .hop = qoe::Hop::relay_node});
    };
    lesson->on_lost_link = [this, for_playing_rooms](SteadyTime since, pull::LostReason reason) {
        metrics.reconnected(std::string{label(reason)});
        for_playing_rooms("upstream_lost", since);
    };
    lesson->on_back_link = [for_playing_rooms](SteadyTime at) { for_playing_rooms("upstream_back", at); };
    test_channel->on_lost_link = [this](SteadyTime, pull::LostReason reason) {
        metrics.reconnected(std::string{label(reason)});
    };
}

void Node::Parts::open() {
    const auto listen = [this](const std::string& address, bool tls) {
        if (address.empty()) return;
        const auto port = tls ? server->listen_tls(address, options.tls) : server->listen(address);
        if (!port) throw boost::system::system_error(port.error(), "cannot listen on " + address);
        log::info("player", "listening on {} ({})", address, tls ? "https" : "http");
    };
    listen(options.listen, false);
    listen(options.tls_listen, true);

    auto router = std::make_shared<http::Router>();
    LocalAccess access{0, auth::random_token()};
    add_local_routes(*router, *site, access.secret);
    local_server =
        std::make_unique<http::Server>(std::vector{&context()}, std::move(router), http::ServerOptions{});
    const auto port = local_server->listen("127.0.0.1:0");
    if (!port) throw boost::system::system_error(port.error(), "cannot listen on 127.0.0.1");
    access.port = *port;
    if (const auto kept = write_whole(local_access_path(data_dir()), to_json(access)); !kept)
        throw boost::system::system_error(kept.error(), "cannot write " + local_access_path(data_dir()));
}

/// Once enrolled, at start-up or later: commands act on a running node within a second.
void Node::Parts::connect() {
    auto identity = load_identity(data_dir());
    if (!identity) return;
    RelayLinkPorts ports;
    ports.bundle_changed = [this](SharedBundle bundle) { bundle_changed(std::move(bundle)); };
    ports.on_disk = on_disk();
    ports.on_io = on_io();
    ports.rooms = [this] {
        return control->bundle() ? telemetry_rooms_json(*control->bundle(), classrooms, clock) : "[]";
    };
    ports.upstream = [this] { return telemetry_upstream_json(*lesson, clock); };
    log::info("player", "node {} of county {}", identity->node, identity->county_name);
    link = std::make_unique<RelayLink>(context(), *client, clock, *spool, std::move(*identity),
                                       options.relay_url, data_dir(), std::move(ports));
    link->start();
}

void Node::Parts::bundle_changed(SharedBundle bundle) {
    log::info("player", "bundle {} in force: {} rooms, {} accounts, {} slots", bundle->version,
              bundle->rooms.size(), bundle->accounts.size(), bundle->schedule.size());
    control->set_bundle(bundle);
    for (const auto& [id, room] : bundle->rooms)
        if (!classrooms.contains(id))
            classrooms.emplace(id, std::make_unique<Classroom>(id, *lesson, *events, metrics, clock));
    if (!std::exchange(resumed, true)) resume_lessons();
    tick();
}

void Node::Parts::resume_lessons() {
    for (const auto& [room, lease] : control->leases().all())
        if (const auto found = classrooms.find(room); found != classrooms.end()) {
            found->second->begin(lease);
            log::info("player", "room {}: the lesson started at {} goes on", room, unix_ms(lease.started));
        }
    replay_beacons();
}

/// A stall that was open when the last process died still ends once (CONTRACT.md §6, beacons).
void Node::Parts::replay_beacons() {
    const auto clocks = read_clocks(clock);
    for (const auto& record : journal->take_recorded()) {
        const auto found = classrooms.find(record.room);
        const auto batch = qoe::parse_beacon_batch(record.body);
        if (found == classrooms.end() || !batch || batch->purpose != qoe::Purpose::lesson) continue;
        if (const auto* lease = control->leases().active(record.room);
            !lease || record.arrival < lease->started)
            continue;
        found->second->beacons(*batch, clocks.to_steady(record.arrival), true);
    }
    for (const auto& [id, room] : classrooms) room->forget_replayed();
}

void Node::Parts::tick_later() {
    ticker->expires_at(next_tick(std::chrono::steady_clock::now(), kTick));
    ticker->async_wait([this](Error error) {
        if (error || stopping) return;
        if (!link) connect();
        tick();
        tick_later();
    });
}

void Node::Parts::tick() {
    const auto bundle = control->bundle();
    if (!bundle) return;
    control->tick();
    choose_pulls();
    lesson->tick();
    test_channel->tick();
    tests->tick();
    advance_rooms();
    metrics.received(static_cast<double>(lesson->counters().bytes + test_channel->counters().bytes));
    metrics.spooled(static_cast<double>(spool->unacknowledged_count()));
}

void Node::Parts::advance_rooms() {
    const auto bundle = control->bundle();
    for (const auto& [id, room] : classrooms) room->advance(*bundle, tests->running(id));
}

/// Who measures a thin link from the terminal wants media as it is made, at once: a backlog that comes at
/// 1.3 × takes most of a minute. A page wants its buffer.
double Node::Parts::test_begin_back() const {
    bool page = clock.now() < test_media_until;
    for (const auto& [room, classroom] : classrooms) page = page || tests->running(room);
    return page ? options.latency_seconds + 8 : 0.5;
}

/// The lesson from 15 min before a slot to its end, and while a room plays; the test channel while it is
/// used. A formal test has the link to itself unless a lesson plays: a thin uplink must not be halved.
void Node::Parts::choose_pulls() {
    const auto bundle = control->bundle();
    if (!bundle || !link || stopping) return;
    const bool plays = !control->leases().all().empty();
    const bool testing = tests->any_running();
    lesson->want(plays || (pull_due(*bundle, SlotKind::lesson, clock.wall()) && !testing));
    test_channel->want(testing || clock.now() < test_media_until);
}

void Node::Parts::reload() {
    if (options.on_reload) options.on_reload();
    if (options.tls_listen.empty()) return;
    if (const auto loaded = server->reload_certificate(options.tls); !loaded)
        log::error("player", "the certificate was not reloaded: {}", loaded.error().message());
    else
        log::info("player", "certificate reloaded");
}

void Node::Parts::stop() {
    if (std::exchange(stopping, true)) return;
    ticker->cancel();
    signals->close();
    tests->abort_all();
    if (link) link->stop();
    ::unlink(local_access_path(data_dir()).c_str());
    local_server->stop([this] {
        lesson->stop([this] {
            test_channel->stop([this] { server->stop([this] { client->stop([this] { stop_stores(); }); }); });
        });
    });
}

void Node::Parts::stop_stores() {
    journal->stop([this] { spool->stop([this] { stopped.set_value(); }); });
}

Node::Node(NodeOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}
Node::~Node() = default;

void Node::run() {
    auto& p = *parts_;
    p.build();
    p.open();
    p.ticker = std::make_unique<async::Timer>(p.context());
    p.signals = std::make_unique<async::Signals>(
        p.context(),
        [&p](int signal) {
            log::info("player", "stopping: signal {}", signal);
            p.stop();
        },
        [&p] { p.reload(); });
    p.disk.start();
    p.logins.start();
    p.io.start();
    p.io.post(0, [&p] {
        p.connect();
        p.tick_later();
    });
    p.stopped.get_future().get();
    p.io.stop();
    p.disk.stop();
    p.logins.stop();
}

}  // namespace tongke::player
