// link: common_media
// FLV files, tag bodies and decoder configurations of any bytes. The classic
// form of whatever parses parses again, to the same packet.
#include "common/media/flv.hpp"

#include <cstdlib>

using namespace tongke;

namespace {

void check_body(TrackKind kind, ByteView body) {
    flv::codec_name(kind, body);
    const auto before = flv::classify(kind, body);
    Bytes classic(body.begin(), body.end());
    flv::to_classic(kind, classic);
    const auto after = flv::classify(kind, classic);
    if (before.has_value() != after.has_value() || (before && *before != *after)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input{data, size};
    for (const auto kind : {TrackKind::video, TrackKind::audio}) {
        check_body(kind, input);
        flv::describe(kind, input);
    }
    flv::FileReader reader;
    if (const auto tags = reader.feed(input)) {
        for (const auto& tag : *tags)
            check_body(tag.type == 9 ? TrackKind::video : TrackKind::audio, tag.body);
    }
    return 0;
}
