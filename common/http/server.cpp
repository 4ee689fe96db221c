#include "common/http/server.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "common/async/aliases.hpp"
#include "common/http/admission.hpp"
#include "common/http/connection.hpp"
#include "common/log/log.hpp"
#include "common/net/tcp.hpp"
#include "common/net/tls_context.hpp"
#include "common/time/ticks.hpp"

namespace tongke::http {
namespace {

namespace asio = boost::asio;
using async::as_result;

constexpr Milliseconds kAcceptPause{100};
constexpr Milliseconds kAcceptBurst{100};
// What a TLS handshake costs is several plain connections' worth.
constexpr double kTlsShare = 0.2;
constexpr std::chrono::minutes kComplainEvery{1};
constexpr std::size_t kEvictedAtOnce = 32;  // so that a full server looks for the idlest once in 32 accepts

/// Waits end within a quarter of the shortest limit after their deadline.
Milliseconds sweep_interval(const ServerLimits& l) {
    const auto shortest = std::min({l.idle, l.handshake, l.head, l.body, l.write_progress}) / 4;
    return std::clamp(shortest, Milliseconds{10}, Milliseconds{500});
}

/// The connections of one io_context; touched on its thread only.
struct Worker {
    Worker(asio::io_context& context, int number)
        : io(context), index(number), sweep(context), grace(context) {}
    asio::io_context& io;
    int index;
    std::unordered_set<std::shared_ptr<Connection>> live;
    std::unordered_set<std::shared_ptr<Connection>> evicted;  // closed, not counted any more, not yet gone
    async::Timer sweep;
    async::Timer grace;
    bool sweeping = false;
    bool stopping = false;
};

struct Listener {
    explicit Listener(async::TcpAcceptor a, bool is_tls)
        : acceptor(std::move(a)), pause(acceptor.get_executor()), tls(is_tls) {}
    bool may_complain(SteadyTime now) {
        if (now < next_complaint) return false;
        next_complaint = now + kComplainEvery;
        return true;
    }
    async::TcpAcceptor acceptor;
    async::Timer pause;
    bool tls;
    SteadyTime next_complaint{};
    net::LeftTheQueue left;
};

/// Spreads accepts so that they keep a rate, with short bursts.
struct TlsPace {
    Milliseconds next(SteadyTime now) {
        if (per_second <= 0) return Milliseconds{0};
        at = std::max(at, now) + std::chrono::duration_cast<SteadyTime::duration>(Seconds(1 / per_second));
        return at - now < kAcceptBurst ? Milliseconds{0} : std::chrono::duration_cast<Milliseconds>(at - now);
    }
    double per_second = 0;
    SteadyTime at{};
};

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Impl> {
    SharedState state = std::make_shared<ServerState>();
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::mutex tls_mutex;
    SharedContext tls;
    std::atomic<std::size_t> next_worker = 0;
    Admission admission{0};  // both on the first worker
    TlsPace tls_pace;
    // Accept loops and connections that still run, plus one for stop() itself.
    std::atomic<std::size_t> running = 1;
    std::atomic<bool> stopping = false;
    std::function<void()> on_stopped;

    SharedContext current_tls() {
        const std::lock_guard lock{tls_mutex};
        return tls;
    }

    void one_ended() {
        if (--running == 0 && on_stopped) std::exchange(on_stopped, {})();
    }

    Result<std::uint16_t> open(const std::string& address, bool is_tls) {
        const auto where = net::parse_endpoint(address);
        if (!where) return where.error();
        auto& io = workers.front()->io;
        try {
            auto& listener =
                *listeners.emplace_back(std::make_unique<Listener>(net::listen(io, *where), is_tls));
            const auto port = listener.acceptor.local_endpoint().port();
            ++running;
            asio::co_spawn(io.get_executor(), accept_loop(shared_from_this(), listener),
                           [self = shared_from_this()](std::exception_ptr failure) {
                               if (failure) log::error("http", "an accept loop ended by an exception");
                               self->one_ended();
                           });
            return port;
        } catch (const boost::system::system_error& e) {
            return e.code();
        }
    }

    static async::Task<> accept_loop(std::shared_ptr<Impl> self, Listener& listener) {
        while (!self->stopping) {
            auto& worker = *self->workers[self->next_worker++ % self->workers.size()];
            auto [error, socket] = co_await listener.acceptor.async_accept(worker.io, as_result);
            if (self->stopping || error == asio::error::operation_aborted) co_return;
            if (error) {  // out of descriptors or memory: the connections at work go on, the idlest make room
                if (listener.may_complain(std::chrono::steady_clock::now()))
                    log::warn("http", "accept failed: {}; the idlest connections are closed",
                              error.message());
                asio::post(worker.io, [self, &worker] { self->make_room(worker); });
                listener.pause.expires_after(kAcceptPause);
                co_await listener.pause.async_wait(as_result);
                continue;
            }
            // Who gave up in the queue takes nobody's turn.
            if (listener.tls && net::has_left(socket)) {
                self->state->refuse(Refusal::gone);
                if (!listener.left.takes_turn()) continue;
            } else {
                const auto now = std::chrono::steady_clock::now();
                self->hand_over(worker, std::move(socket), listener.tls,
                                listener.tls ? 0 : self->admission.ask(now));
            }
            if (!listener.tls) continue;
            // A handshake costs more than an answer: whoever comes too fast waits in the kernel's queue.
            const auto wait = self->tls_pace.next(std::chrono::steady_clock::now());
            if (wait <= Milliseconds{0}) continue;
            listener.pause.expires_after(wait);
            co_await listener.pause.async_wait(as_result);
        }
    }

    void hand_over(Worker& worker, async::TcpSocket socket, bool is_tls, int retry_after) {
        ++running;
        ++state->connections;
        asio::post(worker.io, [self = shared_from_this(), &worker, is_tls, retry_after,
                               socket = std::move(socket)]() mutable {
            self->start(worker, std::move(socket), is_tls, retry_after);
        });
    }

    void start(Worker& worker, async::TcpSocket socket, bool is_tls, int retry_after) {
        if (worker.stopping) return ended(worker, nullptr);
        net::prepare(socket);
        auto connection = is_tls ? make_tls_connection(std::move(socket), state, worker.index, current_tls())
                                 : make_connection(std::move(socket), state, worker.index);
        if (!worker.sweeping) sweep_later(worker);
        Connection::Welcome welcome;
        if (retry_after > 0)
            welcome = {Refusal::over_accept_rate, retry_after};
        else if (state->connections > state->options.limits.connections && !make_room(worker))
            welcome = {Refusal::too_many_connections, state->options.limits.retry_after_s};
        worker.live.insert(connection);
        connection->start(welcome, [self = shared_from_this(), &worker, weak = std::weak_ptr{connection}] {
            self->ended(worker, weak.lock());
        });
    }

    /// Closes the idlest connections of the worker, those first that never asked for anything: sockets that
    /// are held open and do nothing must not keep a classroom out. False when every one is at work.
    bool make_room(Worker& worker) {
        std::vector<std::pair<Connection::Idle, std::shared_ptr<Connection>>> idle;
        for (const auto& connection : worker.live)
            if (const auto since = connection->idle()) idle.emplace_back(*since, connection);
        const auto count = std::min(idle.size(), kEvictedAtOnce);
        std::partial_sort(idle.begin(), idle.begin() + static_cast<std::ptrdiff_t>(count), idle.end(),
                          [](const auto& a, const auto& b) { return a.first < b.first; });
        for (std::size_t i = 0; i < count; ++i) {
            const auto& connection = idle[i].second;
            worker.evicted.insert(connection);
            worker.live.erase(connection);
            --state->connections;
            state->refuse(Refusal::idle_evicted);
            connection->abort();
        }
        return count > 0;
    }

    void ended(Worker& worker, const std::shared_ptr<Connection>& connection) {
        if (!worker.evicted.erase(connection)) {
            worker.live.erase(connection);
            --state->connections;
        }
        if (worker.live.empty()) {
            worker.sweep.cancel();
            worker.grace.cancel();
        }
        one_ended();
    }

    void sweep_later(Worker& worker) {
        worker.sweeping = true;
        worker.sweep.expires_at(
            next_tick(std::chrono::steady_clock::now(), sweep_interval(state->options.limits)));
        worker.sweep.async_wait([self = shared_from_this(), &worker](Error) {
            worker.sweeping = false;
            if (worker.live.empty()) return;
            const auto now = std::chrono::steady_clock::now();
            for (const auto& connection : worker.live) connection->check(now);
            self->sweep_later(worker);
        });
    }

    void stop_worker(Worker& worker) {
        worker.stopping = true;
        const auto connections = worker.live;  // finish() may end them
        for (const auto& connection : connections) connection->finish();
        if (worker.live.empty()) return;
        worker.grace.expires_after(state->options.limits.stop_grace);
        worker.grace.async_wait([self = shared_from_this(), &worker](Error) {
            const auto late = worker.live;
            for (const auto& connection : late) connection->abort();
        });
    }
};

Server::Server(std::vector<asio::io_context*> workers, std::shared_ptr<const Router> router,
               ServerOptions options)
    : impl_(std::make_shared<Impl>()) {
    impl_->state->options = std::move(options);
    const auto per_second = impl_->state->options.limits.accepts_per_second;
    impl_->admission = Admission{per_second};
    impl_->tls_pace.per_second = kTlsShare * per_second;
    impl_->state->router = std::move(router);
    for (auto* io : workers)
        impl_->workers.push_back(std::make_unique<Worker>(*io, static_cast<int>(impl_->workers.size())));
}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(const std::string& address) { return impl_->open(address, false); }

Result<std::uint16_t> Server::listen_tls(const std::string& address, const net::TlsFiles& files) {
    if (const auto loaded = reload_certificate(files); !loaded) return loaded.error();
    return impl_->open(address, true);
}

Result<void> Server::reload_certificate(const net::TlsFiles& files) {
    auto context = net::load_tls_context(files.certificate, files.private_key);
    if (!context) return context.error();
    const std::lock_guard lock{impl_->tls_mutex};
    impl_->tls = std::move(*context);
    return {};
}

void Server::stop(std::function<void()> on_stopped) {
    if (impl_->stopping.exchange(true)) return;
    impl_->on_stopped = std::move(on_stopped);
    asio::post(impl_->workers.front()->io, [impl = impl_] {
        for (const auto& listener : impl->listeners) {
            Error ignored;
            listener->acceptor.close(ignored);
            listener->pause.cancel();
        }
        // After the accept loops: a connection handed over before this is already
        // in its worker's queue.
        for (const auto& worker : impl->workers)
            asio::post(worker->io, [impl, &worker = *worker] { impl->stop_worker(worker); });
        asio::post(impl->workers.front()->io, [impl] { impl->one_ended(); });
    });
}

std::size_t Server::connections() const { return impl_->state->connections; }
std::uint64_t Server::sent_bytes() const { return impl_->state->sent; }

std::map<std::string, std::uint64_t> Server::refused() const {
    std::map<std::string, std::uint64_t> out;
    for (std::size_t i = 0; i < kRefusalNames.size(); ++i) out[kRefusalNames[i]] = impl_->state->refused[i];
    return out;
}

}  // namespace tongke::http
