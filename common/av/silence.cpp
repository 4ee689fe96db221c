#include "common/av/silence.hpp"

#include "common/av/codec.hpp"

namespace tongke::av {
namespace {

constexpr int kKbps = 64;
// The first frames still hold the encoder's own beginning.
constexpr int kFrames = 4;

}  // namespace

Result<Silence> encode_silence(int sample_rate, int channels) {
    auto codec = open_aac(kKbps, sample_rate, channels);
    if (!codec) return codec.error();
    auto frame = aac_frame(**codec);
    if (!frame) return frame.error();
    const PacketPtr packet{av_packet_alloc()};
    if (!packet) return Error{Errc::out_of_memory};
    auto& sound = **frame;
    Silence out;
    for (int i = 0; i < kFrames; ++i) {
        if (av_frame_make_writable(&sound) < 0) return Error{Errc::out_of_memory};
        av_samples_set_silence(sound.extended_data, 0, kAacFrameSamples, channels, AV_SAMPLE_FMT_FLTP);
        sound.pts = std::int64_t{i} * kAacFrameSamples;
        const auto done = run_encoder(**codec, sound, *packet, [&](const AVPacket& made) {
            out.aac.assign(made.data, made.data + made.size);
        });
        if (!done) return done.error();
    }
    if (out.aac.empty()) return Error{Errc::encoder_failed};
    auto track = aac_track(**codec);
    if (!track) return track.error();
    out.track = std::move(*track);
    return out;
}

}  // namespace tongke::av
