#include "relay/session/media_server.hpp"

#include <boost/asio/ssl/context.hpp>
#include <future>
#include <mutex>
#include <random>

#include "common/log/sparse.hpp"
#include "common/net/tls_context.hpp"
#include "relay/session/session_set.hpp"

namespace tongke::relay {
namespace {

// Accepts may come in bursts of this long at the configured rate.
constexpr Milliseconds kAcceptBurst{100};
// Out of file descriptors: the next try.
constexpr Milliseconds kAcceptRetry{100};
constexpr std::chrono::minutes kComplainEvery{1};
// However few they are, players need a moment to connect elsewhere.
constexpr Milliseconds kShortestDrain{500};
constexpr Milliseconds kDrainRoom{500};

/// One listening socket; on worker 0.
struct Door {
    Door(async::TcpAcceptor a, bool is_tls, double accepts_per_second)
        : acceptor(std::move(a)),
          pause(acceptor.get_executor()),
          tls(is_tls),
          each(std::chrono::duration_cast<SteadyTime::duration>(
              Seconds(1 / std::max((is_tls ? kTlsShare : 1) * accepts_per_second, 1.0)))) {}
    async::TcpAcceptor acceptor;
    async::Timer pause;
    const bool tls;
    const SteadyTime::duration each;
    SteadyTime next_accept{};
    net::LeftTheQueue left;
};

}  // namespace

struct MediaServer::State {
    State(StreamHub& h, Authoriser& a, metrics::Metrics& m, MediaServerOptions o)
        : hub(h), authoriser(a), metrics(m), options(std::move(o)), seed(std::random_device{}()) {}

    std::uint16_t open(const std::string& listen, bool is_tls);
    async::Task<> accept_all(Door& door);
    async::Task<> keep_rate(Door& door);
    void complain(const Error& error);
    bool make_room();
    bool admit(const async::TcpSocket& socket, bool is_tls);
    void refuse(const async::TcpSocket& socket, const std::string& reason);
    void hand_over(async::TcpSocket socket, SharedTlsContext context, std::size_t worker);
    SharedTlsContext current_tls();
    void stop_accepting();

    StreamHub& hub;
    Authoriser& authoriser;
    SessionMetrics metrics;
    const MediaServerOptions options;
    std::uint64_t seed;  // and the number of the newest connection
    std::atomic<std::size_t> connections{0};
    std::uint16_t port = 0, tls_port = 0;
    std::mutex tls_mutex;
    SharedTlsContext tls;
    Anteroom anteroom;
    Leaving leaving;
    std::vector<std::unique_ptr<SessionSet>> sets;  // by worker
    // On worker 0:
    std::vector<std::unique_ptr<Door>> doors;
    std::optional<async::TaskGroup> accepting;
    SteadyTime next_complaint{};
    bool stopping = false;
    bool accepts = false;  // on the program's thread
};

MediaServer::MediaServer(StreamHub& hub, Authoriser& authoriser, metrics::Metrics& metrics,
                         MediaServerOptions options)
    : state_(std::make_unique<State>(hub, authoriser, metrics, std::move(options))) {}

MediaServer::~MediaServer() { stop(); }

void MediaServer::start() {
    auto& s = *state_;
    auto& workers = s.hub.workers();
    if (!s.options.listen.empty()) s.port = s.open(s.options.listen, false);
    if (!s.options.tls_listen.empty()) {
        if (const auto loaded = reload_certificate(s.options.tls); !loaded)
            throw boost::system::system_error(loaded.error(), s.options.tls.certificate);
        s.tls_port = s.open(s.options.tls_listen, true);
    }
    if (s.doors.empty()) return;
    for (std::size_t i = 0; i < workers.size(); ++i) {
        SessionContext context{s.hub,      s.authoriser, s.metrics,     s.options.limits,
                               s.anteroom, s.leaving,    s.connections, i};
        s.sets.push_back(std::make_unique<SessionSet>(workers.context(i), context));
        workers.run_on(i, [&set = *s.sets.back()] { set.start(); });
    }
    workers.run_on(0, [&] {
        s.accepting.emplace(workers.context(0).get_executor());
        for (const auto& door : s.doors) s.accepting->spawn(s.accept_all(*door));
    });
    s.accepts = true;
}

std::uint16_t MediaServer::State::open(const std::string& listen, bool is_tls) {
    const auto where = net::parse_endpoint(listen);
    if (!where) throw boost::system::system_error(where.error(), listen);
    doors.push_back(std::make_unique<Door>(net::listen(hub.workers().context(0), *where), is_tls,
                                           options.limits.accepts_per_second));
    const auto bound = doors.back()->acceptor.local_endpoint().port();
    log::info("rtmp", "listening on {} (port {}{})", listen, bound, is_tls ? ", TLS" : "");
    return bound;
}

Result<void> MediaServer::reload_certificate(const net::TlsFiles& files) {
    auto context = net::load_tls_context(files.certificate, files.private_key);
    if (!context) return context.error();
    const std::lock_guard lock(state_->tls_mutex);
    state_->tls = std::move(*context);
    return {};
}

SharedTlsContext MediaServer::State::current_tls() {
    const std::lock_guard lock(tls_mutex);
    return tls;
}

async::Task<> MediaServer::State::accept_all(Door& door) {
    for (std::size_t turn = 0; !stopping; ++turn) {
        const auto worker = turn % sets.size();
        async::TcpSocket socket(hub.workers().context(worker));
        const auto [error] = co_await door.acceptor.async_accept(socket, async::as_result);
        if (stopping) break;
        if (error) {
            complain(error);
            make_room();
            door.pause.expires_after(kAcceptRetry);
            co_await door.pause.async_wait(async::as_result);
            continue;
        }
        // Who gave up in the queue takes nobody's turn.
        if (net::has_left(socket)) {
            metrics.refused("gone");
            if (door.left.takes_turn()) co_await keep_rate(door);
            continue;
        }
        if (admit(socket, door.tls)) hand_over(std::move(socket), door.tls ? current_tls() : nullptr, worker);
        co_await keep_rate(door);
    }
}

/// Whoever comes too fast waits in the kernel's queue (TRAPS.md 1.2).
async::Task<> MediaServer::State::keep_rate(Door& door) {
    const auto now = hub.clock().now();
    door.next_accept = std::max(door.next_accept, now) + door.each;
    if (door.next_accept - now < kAcceptBurst) co_return;
    door.pause.expires_after(door.next_accept - now);
    co_await door.pause.async_wait(async::as_result);
}

void MediaServer::State::refuse(const async::TcpSocket& socket, const std::string& reason) {
    metrics.refused(reason);
    log::sparse(log::Level::warn, "rtmp", reason, "{}: refused: {}", net::peer_address(socket), reason);
}

bool MediaServer::State::admit(const async::TcpSocket& socket, bool is_tls) {
    if (!is_tls && !options.allow_plain && !net::peer_is_loopback(socket)) {
        refuse(socket, "plain");
        return false;
    }
    if (connections >= options.limits.connections && !make_room()) {
        refuse(socket, "too_many_connections");
        return false;
    }
    return true;
}

void MediaServer::State::complain(const Error& error) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_complaint) return;
    next_complaint = now + kComplainEvery;
    log::warn("rtmp", "accept failed: {}; who has not said what for is closed", error.message());
}

/// Who has come and not said what for makes room for the next; who publishes or plays does not.
bool MediaServer::State::make_room() {
    const auto oldest = anteroom.take_oldest();
    if (!oldest) return false;
    hub.workers().post(oldest->worker,
                       [set = sets[oldest->worker].get(), number = oldest->number] { set->evict(number); });
    return true;
}

void MediaServer::State::hand_over(async::TcpSocket socket, SharedTlsContext context, std::size_t worker) {
    auto shared = std::make_shared<Channel>(std::move(socket), std::move(context));
    anteroom.enter({++seed, worker});
    hub.workers().post(worker, [set = sets[worker].get(), shared, number = seed] {
        set->adopt(std::move(*shared), number);
    });
}

std::uint16_t MediaServer::port() const { return state_->port; }
std::uint16_t MediaServer::tls_port() const { return state_->tls_port; }
std::size_t MediaServer::connections() const { return state_->connections; }

void MediaServer::subscribers(const std::string& stream,
                              std::function<void(std::vector<SubscriberInfo>)> done) const {
    if (state_->sets.empty()) return done({});
    struct Gathering {
        std::mutex mutex;
        std::vector<SubscriberInfo> found;
        std::size_t left;
        std::function<void(std::vector<SubscriberInfo>)> done;
    };
    const auto gathering = std::make_shared<Gathering>();
    gathering->left = state_->sets.size();
    gathering->done = std::move(done);
    for (std::size_t i = 0; i < state_->sets.size(); ++i)
        state_->hub.workers().post(i, [gathering, stream, set = state_->sets[i].get()] {
            auto part = set->subscribers(stream);
            std::unique_lock lock(gathering->mutex);
            for (auto& info : part) gathering->found.push_back(std::move(info));
            if (--gathering->left > 0) return;
            lock.unlock();
            gathering->done(std::move(gathering->found));
        });
}

void MediaServer::State::stop_accepting() {
    if (!std::exchange(accepts, false)) return;
    std::promise<void> accepted;
    hub.workers().run_on(0, [&] {
        stopping = true;
        for (const auto& door : doors) {
            Error ignored;
            door->acceptor.close(ignored);
            door->pause.cancel();
        }
        accepting->on_empty([&] { accepted.set_value(); });
    });
    accepted.get_future().wait();
}

void MediaServer::drain() {
    auto& s = *state_;
    if (s.sets.empty()) return;
    s.stop_accepting();
    auto& workers = s.hub.workers();
    auto within = kShortestDrain;
    for (std::size_t i = 0; i < s.sets.size(); ++i)
        workers.run_on(i, [&] { within = std::max(within, s.sets[i]->ask_to_reconnect(kShortestDrain)); });
    log::info("rtmp", "players are asked to play from elsewhere within {} ms", within.count());
    s.leaving.wait(within + kDrainRoom);
}

void MediaServer::stop() {
    auto& s = *state_;
    if (s.doors.empty()) return;
    auto& workers = s.hub.workers();
    s.stop_accepting();
    // None where a door could not be opened.
    for (std::size_t i = 0; i < s.sets.size(); ++i) {
        std::promise<void> ended;
        workers.run_on(i, [&] { s.sets[i]->stop([&] { ended.set_value(); }); });
        ended.get_future().wait();
    }
    workers.run_on(0, [&] { s.doors.clear(), s.accepting.reset(); });
    s.sets.clear();
}

}  // namespace tongke::relay
