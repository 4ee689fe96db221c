// link: relay_health
// What a publisher with the key may send, through what looks at sources: decoder
// configurations first (u16 and u8 of length), then frames: 1 byte of flags, u16 of
// dts, i16 of cts, u16 of length, payload.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/base/byte_reader.hpp"
#include "relay/health/source_watch.hpp"

namespace {

using namespace tongke;

SharedTrack track(TrackKind kind, ByteView config) {
    TrackDescription out{.kind = kind};
    out.codec = kind == TrackKind::video ? Codec::h264 : Codec::aac;
    out.decoder_config = share(Bytes(config.begin(), config.end()));
    return std::make_shared<const TrackDescription>(out);
}

/// At most `count` bytes.
ByteView up_to(ByteReader& reader, std::size_t count) { return reader.take(std::min(count, reader.left())); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteReader reader{{data, size}};
    if (reader.left() < 2) return 0;
    const auto picture = up_to(reader, reader.u16());
    if (reader.left() < 1) return 0;
    const auto sound = up_to(reader, reader.u8());
    const SharedTrack tracks[] = {track(TrackKind::video, picture), track(TrackKind::audio, sound)};
    relay::SourceWatch watch;
    std::int64_t at = 0;
    while (reader.left() >= 7) {
        const auto flags = reader.u8();
        if (flags & 4) watch.forget();
        at += reader.u16();
        Frame frame{.kind = tracks[flags & 1]->kind,
                    .keyframe = (flags & 2) != 0,
                    .dts_ms = at,
                    .track = tracks[flags & 1]};
        frame.cts_ms = static_cast<std::int16_t>(reader.u16());
        const auto payload = up_to(reader, reader.u16());
        frame.payload = share(Bytes(payload.begin(), payload.end()));
        watch.on_frame(std::make_shared<const Frame>(std::move(frame)));
        for (const auto& finding : watch.findings())
            if (finding.code.empty() || finding.begin_ms > at + 40'000) __builtin_trap();
    }
    return 0;
}
