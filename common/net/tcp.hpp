// Listening and accepted TCP sockets with the options every server here wants.
// Include from sources only: it brings Asio.
#pragma once
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "common/net/endpoint.hpp"

namespace tongke::net {

using Executor = boost::asio::io_context::executor_type;
using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

/// Binds and listens; throws boost::system::system_error naming the address
/// (start-up). "[::]" takes IPv4 too and becomes 0.0.0.0 where IPv6 is off.
TcpAcceptor listen(boost::asio::io_context& context, const Endpoint& where);

struct SocketOptions {
    int unsent_low_water = 0;      // bytes the kernel may hold unsent (TCP_NOTSENT_LOWAT); 0: its default
    int user_timeout_ms = 30'000;  // data unacknowledged for this long ends the connection
};
/// No Nagle, keepalive, non-blocking; errors are left to the first read.
void prepare(TcpSocket& socket, const SocketOptions& options = {});

/// The peer has closed its side already: of one just accepted, while it stood in the queue.
bool has_left(const TcpSocket& socket);

/// Peers of one door that were gone when their turn came: a few of them share a turn, so that they hold up
/// nobody and are not free either.
class LeftTheQueue {
  public:
    /// One more; whether it takes a turn.
    bool takes_turn() { return ++count_ % kForOneTurn == 0; }

  private:
    static constexpr std::size_t kForOneTurn = 16;
    std::size_t count_ = 0;
};

/// "192.0.2.1" or "2001:db8::1"; a mapped IPv4 address is written as IPv4. "" when gone.
std::string peer_address(const TcpSocket& socket);
bool peer_is_loopback(const TcpSocket& socket);

}  // namespace tongke::net
