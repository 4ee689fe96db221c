#include "common/av/silence.hpp"

#include "common/av/codec.hpp"
#include "common/media/flv.hpp"

namespace tongke::av {
namespace {

constexpr int kKbps = 64;
// The first frames still hold the encoder's own beginning.
constexpr int kFrames = 4;

}  // namespace

Result<Silence> encode_silence(int sample_rate, int channels) {
    auto codec = open_aac(kKbps, sample_rate, channels);
    if (!codec) return codec.error();
    const FramePtr frame{av_frame_alloc()};
    const PacketPtr packet{av_packet_alloc()};
    if (!frame || !packet) return Error{Errc::out_of_memory};
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = sample_rate;
    frame->nb_samples = kAacFrameSamples;
    av_channel_layout_default(&frame->ch_layout, channels);
    if (av_frame_get_buffer(frame.get(), 0) < 0) return Error{Errc::out_of_memory};
    Silence out;
    for (int i = 0; i < kFrames; ++i) {
        if (av_frame_make_writable(frame.get()) < 0) return Error{Errc::out_of_memory};
        av_samples_set_silence(frame->extended_data, 0, kAacFrameSamples, channels, AV_SAMPLE_FMT_FLTP);
        frame->pts = std::int64_t{i} * kAacFrameSamples;
        const auto done = run_encoder(**codec, *frame, *packet, [&](const AVPacket& made) {
            out.aac.assign(made.data, made.data + made.size);
        });
        if (!done) return done.error();
    }
    if (out.aac.empty()) return Error{Errc::encoder_failed};
    auto track = flv::describe(TrackKind::audio,
                               {(*codec)->extradata, static_cast<std::size_t>((*codec)->extradata_size)});
    if (!track) return track.error();
    out.track = std::move(*track);
    return out;
}

}  // namespace tongke::av
