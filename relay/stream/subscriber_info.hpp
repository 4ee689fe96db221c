// What the API says about one RTMP player (GET /api/v1/streams/S/subscribers),
// as plain values, free to be read anywhere.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/net/tcp_info.hpp"
#include "common/time/clock.hpp"

namespace tongke::relay {

struct SubscriberInfo {
    std::string node;  // whose token: its `sub`
    std::string address;
    std::string client;  // what it calls itself (flashVer)
    bool tls = false;
    WallTime since{};
    std::uint64_t sent_bytes = 0;
    std::uint64_t frames = 0;
    std::uint64_t skipped_frames = 0;  // left out because it was too far behind
    std::uint64_t unsent_bytes = 0;    // of the stream, in the log and in the kernel
    std::optional<net::TcpInfo> tcp;   // none where the kernel does not say
};

}  // namespace tongke::relay
