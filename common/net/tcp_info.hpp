// What the kernel knows of one TCP connection (TCP_INFO), for the sessions'
// place in the API and metrics. Linux; one system call; any thread.
#pragma once
#include <cstdint>
#include <optional>

namespace tongke::net {

struct TcpInfo {
    std::uint32_t rtt_us = 0;
    std::uint32_t retransmits = 0;  // segments, so far
    std::uint64_t delivery_rate_bps = 0;
    std::uint32_t unsent_bytes = 0;  // in the kernel, not sent yet
};

std::optional<TcpInfo> tcp_info(int socket);

}  // namespace tongke::net
