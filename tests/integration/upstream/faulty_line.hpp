// A TCP line in process that can be held: while it is, bytes and new
// connections get nowhere and nothing is closed. Same io_context as the test.
#pragma once
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <set>

#include "common/async/aliases.hpp"
#include "common/async/task_group.hpp"

namespace tongke::pull::test {

class FaultyLine {
  public:
    FaultyLine(boost::asio::io_context& io, std::uint16_t target)
        : executor_(io.get_executor()),
          target_(boost::asio::ip::address_v4::loopback(), target),
          acceptor_(executor_, {boost::asio::ip::address_v4::loopback(), 0}),
          gate_(executor_),
          group_(executor_) {
        gate_.expires_at(SteadyClock::time_point::max());
        group_.spawn(accept());
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    void hold() { held_ = true; }
    void release() {
        held_ = false;
        gate_.cancel();
    }
    void stop() {
        held_ = false;
        acceptor_.close();
        for (auto* socket : sockets_) socket->close();
        group_.cancel();
    }
    std::size_t connections = 0;

  private:
    using SteadyClock = std::chrono::steady_clock;

    async::Task<> accept() {
        while (acceptor_.is_open()) {
            async::TcpSocket client(executor_);
            const auto [error] = co_await acceptor_.async_accept(client, async::as_result);
            if (error) co_return;
            ++connections;
            group_.spawn(carry(std::move(client)));
        }
    }

    async::Task<> carry(async::TcpSocket client) {
        using namespace boost::asio::experimental::awaitable_operators;
        co_await open();
        async::TcpSocket server(executor_);
        const auto [error] = co_await server.async_connect(target_, async::as_result);
        if (error) co_return;
        sockets_.insert({&client, &server});
        co_await (pump(client, server) || pump(server, client));
        sockets_.erase(&client);
        sockets_.erase(&server);
    }

    async::Task<> open() {
        while (held_) co_await gate_.async_wait(async::as_result);
    }

    async::Task<> pump(async::TcpSocket& from, async::TcpSocket& to) {
        std::array<char, 16384> bytes;
        while (true) {
            const auto [error, size] =
                co_await from.async_read_some(boost::asio::buffer(bytes), async::as_result);
            if (error) co_return;
            co_await open();
            const auto [failed, sent] =
                co_await boost::asio::async_write(to, boost::asio::buffer(bytes, size), async::as_result);
            if (failed) co_return;
        }
    }

    async::Executor executor_;
    boost::asio::ip::tcp::endpoint target_;
    async::TcpAcceptor acceptor_;
    async::Timer gate_;
    async::TaskGroup group_;
    std::set<async::TcpSocket*> sockets_;
    bool held_ = false;
};

}  // namespace tongke::pull::test
