// Why a session ended: a value, not an error (STYLE.md 2). Logged once, where
// it ends, and counted in tongke_sessions_ended_total.
#pragma once
#include <cstdint>

namespace tongke::relay {

enum class EndReason : std::uint8_t {
    peer_closed,
    idle_timeout,  // nothing came, or the handshake took too long
    protocol_error,
    auth_rejected,  // key or token
    two_encoders,   // a third take-over within 30 s
    unsupported_codec,
    stream_not_found,  // no such stream, or nobody published it
    stream_ended,      // no publisher came back within grace_seconds
    slow_consumer,
    crowded_out,  // without a role yet when all places were taken and somebody new came
    replaced,     // by another publisher
    token_left,   // the token's leave_at has come
    server_stopping,
    internal
};
inline constexpr int kEndReasons = static_cast<int>(EndReason::internal) + 1;

constexpr const char* text(EndReason reason) {
    switch (reason) {
        case EndReason::peer_closed: return "peer_closed";
        case EndReason::idle_timeout: return "idle_timeout";
        case EndReason::protocol_error: return "protocol_error";
        case EndReason::auth_rejected: return "auth_rejected";
        case EndReason::two_encoders: return "two_encoders";
        case EndReason::unsupported_codec: return "unsupported_codec";
        case EndReason::stream_not_found: return "stream_not_found";
        case EndReason::stream_ended: return "stream_ended";
        case EndReason::slow_consumer: return "slow_consumer";
        case EndReason::crowded_out: return "crowded_out";
        case EndReason::replaced: return "replaced";
        case EndReason::token_left: return "token_left";
        case EndReason::server_stopping: return "server_stopping";
        case EndReason::internal: return "internal";
    }
    return "internal";
}

}  // namespace tongke::relay
