// link: common_rtmp
// A client that completed the handshake and then says anything; requests are
// accepted, so that publishing and playing are reached.
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rtmp::ServerSession session;
    session.feed(handshake());
    if (!session.handshake_done()) std::abort();
    const auto half = size / 2;
    bool ended = false;
    for (const auto part : {ByteView{data, half}, ByteView{data + half, size - half}}) {
        for (const auto& event : session.feed(part)) {
            if (ended) std::abort();
            if (std::holds_alternative<rtmp::PublishRequested>(event)) session.accept_publish();
            if (std::holds_alternative<rtmp::PlayRequested>(event)) session.accept_play(1, false);
            if (const auto* media = std::get_if<rtmp::MediaReceived>(&event); media && media->payload.empty())
                std::abort();
            ended = std::holds_alternative<rtmp::Ended>(event);
        }
    }
    return 0;
}
