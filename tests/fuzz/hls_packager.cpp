// link: common_hls
// Frames as a hostile publisher could make them, through the segmenter and the
// muxers of fMP4 and TS: each input record is 8 bytes of control and up to 255 of payload.
#include <cstddef>
#include <cstdint>

#include "common/base/byte_reader.hpp"
#include "common/hls/packager.hpp"
#include "common/hls/segmenter.hpp"

namespace {

using namespace tongke;

SharedTrack track(TrackKind kind) {
    TrackDescription out{.kind = kind};
    if (kind == TrackKind::video) {
        out.decoder_config = share({1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 1, 0x68});
        out.width = 160, out.height = 90;
    } else {
        out.codec = Codec::aac;
        out.decoder_config = share({0x11, 0x90});
        out.sample_rate = 48'000, out.channels = 2;
    }
    return std::make_shared<const TrackDescription>(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const SharedTrack tracks[] = {track(TrackKind::video), track(TrackKind::audio)};
    std::int64_t msn = 0, at = 0;
    hls::Segmenter segmenter{{.run = "1"}, [&msn] { return msn++; }};
    std::int64_t last_msn[2] = {-1, -1};  // by hls::Container
    const auto take = [&last_msn](const hls::SharedSegment& segment) {
        auto& last = last_msn[static_cast<std::size_t>(segment->container)];
        if (segment->msn <= last || segment->duration_us <= 0) __builtin_trap();
        if (!segment->gap && segment->data->empty()) __builtin_trap();
        last = segment->msn;
    };
    hls::Packager packager{take, {hls::Container::fmp4, hls::Container::ts}};
    ByteReader reader{{data, size}};
    while (reader.left() >= 8) {
        const auto flags = reader.u8();
        const auto kind = flags & 1 ? TrackKind::audio : TrackKind::video;
        Frame frame{.kind = kind, .keyframe = (flags & 2) != 0, .track = tracks[flags & 1]};
        at += reader.u16();
        frame.dts_ms = at;
        frame.cts_ms = static_cast<std::int16_t>(reader.u16());
        frame.payload_offset = reader.u8();
        reader.u8();
        const auto payload = reader.take(std::min<std::size_t>(reader.u8(), reader.left()));
        frame.payload = share(Bytes(payload.begin(), payload.end()));
        frame.opens_segment = segmenter.on_frame(kind, frame.keyframe, at, (flags & 0x1c) == 0x1c);
        packager.on_frame(std::make_shared<const Frame>(std::move(frame)));
    }
    packager.finish();
    return 0;
}
