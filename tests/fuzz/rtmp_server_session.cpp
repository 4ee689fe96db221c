// link: common_rtmp
// A client that completed the handshake and then says anything; requests are
// accepted, so that publishing and playing are reached: a publish between the two
// parts, so that media comes before its acceptance and after it.
#include <cstdlib>
#include <variant>

#include "common/rtmp/server_session.hpp"

using namespace tongke;

namespace {

const Bytes& handshake() {
    static const Bytes bytes = [] {
        Bytes b(1 + 2 * 1536, 0);
        b[0] = 3;
        return b;
    }();
    return bytes;
}

void check(const rtmp::ServerEvent& event) {
    if (const auto* media = std::get_if<rtmp::MediaReceived>(&event); media && media->payload.empty())
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rtmp::ServerSession session;
    session.feed(handshake());
    if (!session.handshake_done()) std::abort();
    const auto half = size / 2;
    bool ended = false, asked = false;
    for (const auto part : {ByteView{data, half}, ByteView{data + half, size - half}}) {
        for (const auto& event : session.feed(part)) {
            if (ended) std::abort();
            asked = asked || std::holds_alternative<rtmp::PublishRequested>(event);
            if (std::holds_alternative<rtmp::PlayRequested>(event)) session.accept_play(1, false);
            check(event);
            ended = std::holds_alternative<rtmp::Ended>(event);
        }
        if (asked && !ended)
            for (const auto& event : session.accept_publish()) check(event);
        asked = false;
    }
    return 0;
}
