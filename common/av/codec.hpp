// What the encoders do with libavcodec. Private to common/av.
#pragma once
#include <memory>

#include "common/av/error.hpp"
#include "common/av/libav.hpp"
#include "common/media/frame.hpp"

namespace tongke::av {

inline constexpr int kAacFrameSamples = 1024;

struct FreeCodec {
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FreeAvFrame {
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreeAvPacket {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using CodecPtr = std::unique_ptr<AVCodecContext, FreeCodec>;
using FramePtr = std::unique_ptr<AVFrame, FreeAvFrame>;
using PacketPtr = std::unique_ptr<AVPacket, FreeAvPacket>;

/// Sends libav's words to our debug log instead of stderr; more than once is fine.
void quiet_libav();

/// An encoder of that name, not opened yet; encoder_missing when this libavcodec has none.
Result<CodecPtr> make_encoder(const char* name);

/// AAC-LC at that rate (Hz), one frame of 1024 samples at a time; encoder_failed where it cannot have them.
Result<CodecPtr> open_aac(int bitrate_kbps, int sample_rate, int channels);

/// Room for what that encoder takes at once, and what its decoder must know.
Result<FramePtr> aac_frame(const AVCodecContext& codec);
Result<SharedTrack> aac_track(const AVCodecContext& codec);

/// Gives `frame` to the encoder and calls `take(packet)` for all that comes out.
template <class Take>
Result<void> run_encoder(AVCodecContext& codec, const AVFrame& frame, AVPacket& packet, Take take) {
    if (const int sent = avcodec_send_frame(&codec, &frame); sent < 0) return encoder_error(sent, "send");
    for (;;) {
        const int code = avcodec_receive_packet(&codec, &packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
        if (code < 0) return encoder_error(code, "receive");
        take(packet);
        av_packet_unref(&packet);
    }
}

}  // namespace tongke::av
