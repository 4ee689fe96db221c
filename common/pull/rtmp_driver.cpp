#include "common/pull/rtmp_driver.hpp"

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "common/async/task_group.hpp"
#include "common/async/with_deadline.hpp"
#include "common/log/log.hpp"
#include "common/net/ip_address.hpp"
#include "common/net/tcp.hpp"
#include "common/net/tls_context.hpp"

namespace tongke::pull {
namespace {

namespace asio = boost::asio;
using async::as_result;
using async::Task;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kResolve{5};
constexpr std::chrono::seconds kPerAddress{3};
// Behind every county of the land in a relay's queue; who is silent has rivals meanwhile.
constexpr std::chrono::seconds kTlsHandshake{25};

struct Connection {
    Connection(LinkId link, rtmp::Url where, async::Executor executor)
        : id(link), url(std::move(where)), socket(executor) {}

    LinkId id;
    rtmp::Url url;
    async::TcpSocket socket;
    std::optional<asio::ssl::stream<async::TcpSocket&>> tls;
    Bytes pending;
    bool ready = false;
    bool writing = false;

    void close() {
        Error ignored;
        socket.close(ignored);
    }
};
using SharedConnection = std::shared_ptr<Connection>;

class RtmpDriver final : public Driver {
  public:
    RtmpDriver(asio::io_context& io, const Clock& clock, RtmpPullConfig config, const std::string& ca_file,
               PullSink& sink, FrameSink& frames)
        : executor_(io.get_executor()),
          clock_(clock),
          tls_(asio::ssl::context::tls_client),
          timer_(executor_),
          group_(executor_),
          pull_(std::move(config), sink, frames) {
        tls_.set_verify_mode(asio::ssl::verify_peer);
        if (const auto error = net::trust(tls_, ca_file))
            log::error("upstream", "{}: {}", ca_file, error.message());
    }

    void start() override {
        running_ = true;
        pull_.start(clock_.now());
        carry_out();
        group_.spawn(tick());
    }

    void stop(std::function<void()> stopped) override {
        running_ = false;
        for (const auto& [id, connection] : connections_) connection->close();
        connections_.clear();
        group_.cancel();
        group_.on_empty(std::move(stopped));
    }

    std::string url() const override { return pull_.url(); }
    std::uint64_t bytes() const override { return bytes_; }

  private:
    Task<> tick() {
        while (running_) {
            timer_.expires_at(pull_.wake());
            co_await timer_.async_wait(as_result);
            if (!running_) co_return;
            if (clock_.now() < pull_.wake()) continue;  // it was moved
            pull_.on_tick(clock_.now());
            carry_out();
        }
    }

    void carry_out() {
        if (!running_) return;
        for (const auto& action : pull_.take_actions()) {
            std::visit([this](const auto& a) { carry_out(a); }, action);
        }
        for (const auto& [id, connection] : connections_) flush(connection);
        timer_.cancel();
    }

    void carry_out(const OpenLink& open) {
        auto connection = std::make_shared<Connection>(open.id, open.url, executor_);
        connections_[open.id] = connection;
        group_.spawn(run(std::move(connection)));
    }

    void carry_out(const CloseLink& close) {
        const auto it = connections_.find(close.id);
        if (it == connections_.end()) return;
        it->second->close();
        connections_.erase(it);
    }

    void flush(const SharedConnection& connection) {
        if (!connection->ready || connection->writing) return;
        connection->pending = pull_.take_output(connection->id);
        if (connection->pending.empty()) return;
        connection->writing = true;
        group_.spawn(write(connection));
    }

    Task<> write(SharedConnection connection) {
        while (!connection->pending.empty()) {
            const auto bytes = asio::buffer(connection->pending);
            Error error;
            if (connection->tls) {
                std::tie(error, std::ignore) = co_await asio::async_write(*connection->tls, bytes, as_result);
            } else {
                std::tie(error, std::ignore) =
                    co_await asio::async_write(connection->socket, bytes, as_result);
            }
            // A failure is seen by the reader.
            connection->pending = error ? Bytes{} : pull_.take_output(connection->id);
        }
        connection->writing = false;
    }

    Task<> run(SharedConnection connection) {
        auto error = co_await connect(*connection);
        if (!error && running_) {
            connection->ready = true;
            flush(connection);
            error = co_await read(*connection);
        }
        if (!running_) co_return;
        connection->close();
        connections_.erase(connection->id);
        pull_.on_closed(connection->id, error.message(), clock_.now());
        carry_out();
    }

    Task<Error> read(Connection& connection) {
        std::vector<std::uint8_t> buffer(64 * 1024);
        while (running_) {
            Error error;
            std::size_t size = 0;
            if (connection.tls) {
                std::tie(error, size) =
                    co_await connection.tls->async_read_some(asio::buffer(buffer), as_result);
            } else {
                std::tie(error, size) =
                    co_await connection.socket.async_read_some(asio::buffer(buffer), as_result);
            }
            if (error) co_return error;
            if (!connections_.count(connection.id)) break;
            bytes_ += size;
            pull_.on_bytes(connection.id, ByteView{buffer}.first(size), clock_.now());
            carry_out();
        }
        co_return Error(asio::error::operation_aborted);
    }

    using Addresses = asio::ip::tcp::resolver::results_type;

    Task<std::pair<Error, std::vector<asio::ip::tcp::endpoint>>> resolve(const rtmp::Url& url) {
        std::vector<asio::ip::tcp::endpoint> out;
        Error error;
        if (const auto literal = asio::ip::make_address(url.host, error); !error) {
            out.emplace_back(literal, url.port);
            co_return std::pair{Error{}, std::move(out)};
        }
        asio::ip::basic_resolver<asio::ip::tcp, async::Executor> resolver{executor_};
        const auto [failed, found] =
            co_await resolver.async_resolve(url.host, std::to_string(url.port), as_result);
        for (const auto& entry : found) out.push_back(entry.endpoint());
        co_return std::pair{Error(failed), std::move(out)};
    }

    static Task<Error> connect_to(Connection& connection, asio::ip::tcp::endpoint address) {
        const auto [error] = co_await connection.socket.async_connect(address, as_result);
        co_return error;
    }

    static Task<Error> shake_hands(Connection& connection) {
        const auto [error] =
            co_await connection.tls->async_handshake(asio::ssl::stream_base::client, as_result);
        co_return error;
    }

    Task<Error> connect(Connection& connection) {
        const auto found = co_await async::with_deadline(kResolve, resolve(connection.url));
        if (!found) co_return Error(asio::error::timed_out);
        auto error = found->second.empty() ? found->first : Error{};
        for (const auto& address : found->second) {
            if (!connections_.count(connection.id)) co_return Error(asio::error::operation_aborted);
            connection.close();
            error = (co_await async::with_deadline(kPerAddress, connect_to(connection, address)))
                        .value_or(asio::error::timed_out);
            if (!error) break;
        }
        if (error) co_return error;
        net::prepare(connection.socket);
        if (!connection.url.tls) co_return Error{};
        connection.tls.emplace(connection.socket, tls_);
        if (!net::IpAddress::parse(connection.url.host)) {
            SSL_set_tlsext_host_name(connection.tls->native_handle(), connection.url.host.c_str());
        }
        connection.tls->set_verify_callback(asio::ssl::host_name_verification(connection.url.host));
        co_return (co_await async::with_deadline(kTlsHandshake, shake_hands(connection)))
            .value_or(asio::error::timed_out);
    }

    async::Executor executor_;
    const Clock& clock_;
    asio::ssl::context tls_;
    async::Timer timer_;
    async::TaskGroup group_;
    RtmpPull pull_;
    std::map<LinkId, SharedConnection> connections_;
    std::uint64_t bytes_ = 0;
    bool running_ = false;
};

}  // namespace

std::unique_ptr<Driver> make_rtmp_driver(asio::io_context& io, const Clock& clock, RtmpPullConfig config,
                                         const std::string& ca_file, PullSink& sink, FrameSink& frames) {
    return std::make_unique<RtmpDriver>(io, clock, std::move(config), ca_file, sink, frames);
}

}  // namespace tongke::pull
