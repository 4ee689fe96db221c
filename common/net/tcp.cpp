#include "common/net/tcp.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/ip/v6_only.hpp>

namespace tongke::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kBacklog = 4096;

TcpAcceptor bind_and_listen(asio::io_context& context, const tcp::endpoint& endpoint) {
    TcpAcceptor acceptor(context);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false));
    acceptor.bind(endpoint);
    acceptor.listen(kBacklog);
    acceptor.non_blocking(true);
    return acceptor;
}

void set_int(int fd, int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
}

asio::ip::address remote(const TcpSocket& socket) {
    boost::system::error_code gone;
    const auto address = socket.remote_endpoint(gone).address();
    if (gone || !address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

TcpAcceptor listen(asio::io_context& context, const Endpoint& where) {
    const tcp::endpoint wanted(asio::ip::make_address(where.address), where.port);
    try {
        return bind_and_listen(context, wanted);
    } catch (const boost::system::system_error& e) {
        const bool no_v6 = e.code() == asio::error::address_family_not_supported ||
                           e.code() == boost::system::errc::address_not_available;
        if (no_v6 && wanted.address().is_v6() && wanted.address().is_unspecified())
            return bind_and_listen(context, {asio::ip::address_v4::any(), where.port});
        throw boost::system::system_error(e.code(), "cannot listen on " + where.text());
    }
}

void prepare(TcpSocket& socket, const SocketOptions& options) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    const int fd = socket.native_handle();
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options.user_timeout_ms);
    if (options.unsent_low_water > 0) set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.unsent_low_water);
}

bool has_left(const TcpSocket& socket) {
    pollfd state{const_cast<TcpSocket&>(socket).native_handle(), POLLRDHUP, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

std::string peer_address(const TcpSocket& socket) {
    const auto address = remote(socket);
    return address.is_unspecified() ? std::string{} : address.to_string();
}

bool peer_is_loopback(const TcpSocket& socket) { return remote(socket).is_loopback(); }

}  // namespace tongke::net
