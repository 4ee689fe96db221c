// Compiled without the precompiled header: <netinet/tcp.h>, which Asio brings,
// clashes with <linux/tcp.h>, and lacks the delivery rate and unsent bytes.
#include "common/net/tcp_info.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tongke::net {

std::optional<TcpInfo> tcp_info(int socket) {
    ::tcp_info raw{};
    socklen_t size = sizeof raw;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &raw, &size) != 0) return std::nullopt;
    return TcpInfo{raw.tcpi_rtt, raw.tcpi_total_retrans, raw.tcpi_delivery_rate * 8, raw.tcpi_notsent_bytes};
}

}  // namespace tongke::net
