#include "relay/session/media_server.hpp"

#include <future>
#include <random>

#include "common/log/sparse.hpp"
#include "relay/session/session_set.hpp"

namespace tongke::relay {
namespace {

// Accepts may come in bursts of this long at the configured rate.
constexpr Milliseconds kAcceptBurst{100};
// Out of file descriptors: the next try.
constexpr Milliseconds kAcceptRetry{100};
// However few they are, players need a moment to connect elsewhere.
constexpr Milliseconds kShortestDrain{500};
constexpr Milliseconds kDrainRoom{500};

}  // namespace

struct MediaServer::State {
    State(StreamHub& h, Authoriser& a, metrics::Metrics& m, MediaServerOptions o)
        : hub(h), authoriser(a), metrics(m), options(std::move(o)), seed(std::random_device{}()) {}

    async::Task<> accept_all();
    async::Task<> keep_rate();
    bool make_room();
    bool admit(const async::TcpSocket& socket);
    void refuse(const async::TcpSocket& socket, const std::string& reason);
    void hand_over(async::TcpSocket socket, std::size_t worker);
    void stop_accepting();

    StreamHub& hub;
    Authoriser& authoriser;
    SessionMetrics metrics;
    const MediaServerOptions options;
    std::uint64_t seed;  // and the number of the newest connection
    std::atomic<std::size_t> connections{0};
    std::uint16_t port = 0;
    Anteroom anteroom;
    Leaving leaving;
    std::vector<std::unique_ptr<SessionSet>> sets;  // by worker
    // On worker 0:
    std::optional<async::TcpAcceptor> acceptor;
    std::optional<async::Timer> pause;
    std::optional<async::TaskGroup> accepting;
    SteadyTime next_accept{};
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
    const auto where = net::parse_endpoint(s.options.listen);
    if (!where) throw boost::system::system_error(where.error(), s.options.listen);
    s.acceptor.emplace(net::listen(workers.context(0), *where));
    s.port = s.acceptor->local_endpoint().port();
    for (std::size_t i = 0; i < workers.size(); ++i) {
        SessionContext context{s.hub,      s.authoriser, s.metrics,     s.options.limits,
                               s.anteroom, s.leaving,    s.connections, i};
        s.sets.push_back(std::make_unique<SessionSet>(workers.context(i), context));
        workers.run_on(i, [&set = *s.sets.back()] { set.start(); });
    }
    workers.run_on(0, [&] {
        s.pause.emplace(workers.context(0).get_executor());
        s.accepting.emplace(workers.context(0).get_executor());
        s.accepting->spawn(s.accept_all());
    });
    s.accepts = true;
    log::info("rtmp", "listening on {} (port {})", s.options.listen, s.port);
}

async::Task<> MediaServer::State::accept_all() {
    for (std::size_t turn = 0; !stopping; ++turn) {
        const auto worker = turn % sets.size();
        async::TcpSocket socket(hub.workers().context(worker));
        const auto [error] = co_await acceptor->async_accept(socket, async::as_result);
        if (stopping) break;
        if (error) {
            pause->expires_after(kAcceptRetry);
            co_await pause->async_wait(async::as_result);
            continue;
        }
        if (admit(socket)) hand_over(std::move(socket), worker);
        co_await keep_rate();
    }
}

/// Whoever comes too fast waits in the kernel's queue (TRAPS.md 1.2).
async::Task<> MediaServer::State::keep_rate() {
    const auto now = hub.clock().now();
    const auto each = std::chrono::duration_cast<SteadyTime::duration>(
        Seconds(1 / std::max(options.limits.accepts_per_second, 1.0)));
    next_accept = std::max(next_accept, now) + each;
    if (next_accept - now < kAcceptBurst) co_return;
    pause->expires_after(next_accept - now);
    co_await pause->async_wait(async::as_result);
}

void MediaServer::State::refuse(const async::TcpSocket& socket, const std::string& reason) {
    metrics.refused(reason);
    log::sparse(log::Level::warn, "rtmp", reason, "{}: refused: {}", net::peer_address(socket), reason);
}

bool MediaServer::State::admit(const async::TcpSocket& socket) {
    if (!options.allow_plain && !net::peer_is_loopback(socket)) {
        refuse(socket, "plain");
        return false;
    }
    if (connections >= options.limits.connections && !make_room()) {
        refuse(socket, "too_many_connections");
        return false;
    }
    return true;
}

/// Who has come and not said what for makes room for the next; who publishes or plays does not.
bool MediaServer::State::make_room() {
    const auto oldest = anteroom.take_oldest();
    if (!oldest) return false;
    hub.workers().post(oldest->worker,
                       [set = sets[oldest->worker].get(), number = oldest->number] { set->evict(number); });
    return true;
}

void MediaServer::State::hand_over(async::TcpSocket socket, std::size_t worker) {
    auto shared = std::make_shared<async::TcpSocket>(std::move(socket));
    anteroom.enter({++seed, worker});
    hub.workers().post(worker, [set = sets[worker].get(), shared, number = seed] {
        set->adopt(std::move(*shared), number);
    });
}

std::uint16_t MediaServer::port() const { return state_->port; }
std::size_t MediaServer::connections() const { return state_->connections; }

void MediaServer::State::stop_accepting() {
    if (!std::exchange(accepts, false)) return;
    std::promise<void> accepted;
    hub.workers().run_on(0, [&] {
        stopping = true;
        Error ignored;
        acceptor->close(ignored);
        pause->cancel();
        accepting->on_empty([&] { accepted.set_value(); });
    });
    accepted.get_future().wait();
}

void MediaServer::drain() {
    auto& s = *state_;
    if (!s.acceptor) return;
    s.stop_accepting();
    const auto within =
        std::max(reconnect_window(s.connections, s.options.limits.accepts_per_second), kShortestDrain);
    auto& workers = s.hub.workers();
    for (std::size_t i = 0; i < workers.size(); ++i)
        workers.run_on(i, [&] { s.sets[i]->ask_to_reconnect(within); });
    log::info("rtmp", "players are asked to play from elsewhere within {} ms", within.count());
    s.leaving.wait(within + kDrainRoom);
}

void MediaServer::stop() {
    auto& s = *state_;
    if (!s.acceptor) return;
    auto& workers = s.hub.workers();
    s.stop_accepting();
    for (std::size_t i = 0; i < workers.size(); ++i) {
        std::promise<void> ended;
        workers.run_on(i, [&] { s.sets[i]->stop([&] { ended.set_value(); }); });
        ended.get_future().wait();
    }
    workers.run_on(0, [&] { s.acceptor.reset(), s.pause.reset(), s.accepting.reset(); });
    s.sets.clear();
}

}  // namespace tongke::relay
