// link: common_rtmp
// A server that says anything after the handshake; the first byte chooses
// between playing and publishing.
#include <cstdlib>
#include <variant>

#include "common/rtmp/client_session.hpp"

using namespace tongke;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto url = *rtmp::parse_url("rtmp://h/live/main?token=T");
    const bool publish = size > 0 && data[0] & 1;
    using Mode = rtmp::ClientOptions::Mode;
    rtmp::ClientSession session({url, publish ? Mode::publish : Mode::play, 5});
    Bytes handshake(1 + 2 * 1536, 0);
    handshake[0] = 3;
    session.feed(handshake);
    bool ended = false;
    for (const auto& event : session.feed({data + (size > 0), size - (size > 0)})) {
        if (ended) std::abort();
        if (std::holds_alternative<rtmp::PublishStarted>(event))
            session.send_media(TrackKind::audio, 0, ByteView{});
        ended = std::holds_alternative<rtmp::Ended>(event);
    }
    return 0;
}
