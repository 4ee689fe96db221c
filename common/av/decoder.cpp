#include "common/av/decoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/av/codec.hpp"

namespace tongke::av {
namespace {

// A level 5.1 picture; what claims more is broken or hostile, and a decoder keeps many.
constexpr std::int64_t kMostPixels = std::int64_t{4096} * 2304;
constexpr std::size_t kMostChannels = 8;

struct Decoder {
    CodecPtr codec;
    FramePtr frame;
    PacketPtr packet;

    /// Calls `take(frame)` for all that comes out.
    template <class Take>
    void receive(Take take) {
        while (avcodec_receive_frame(codec.get(), frame.get()) == 0) {
            take(*frame);
            av_frame_unref(frame.get());
        }
    }
    Result<void> send(ByteView data, std::int64_t pts_ms) {
        if (av_new_packet(packet.get(), static_cast<int>(data.size())) < 0) return Error{Errc::out_of_memory};
        std::memcpy(packet->data, data.data(), data.size());
        packet->pts = packet->dts = pts_ms;
        const int sent = avcodec_send_packet(codec.get(), packet.get());
        av_packet_unref(packet.get());
        if (sent < 0) return from_libav(sent, "decode");
        return {};
    }
};

/// One byte of brightness a pixel.
bool has_luma_bytes(int format) {
    constexpr int kFormats[] = {AV_PIX_FMT_YUV420P,  AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV422P,
                                AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV444P,  AV_PIX_FMT_YUVJ444P,
                                AV_PIX_FMT_GRAY8,    AV_PIX_FMT_NV12};
    return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
}

Result<Decoder> open_decoder(AVCodecID id, const TrackDescription& track) {
    quiet_libav();
    const auto* found = avcodec_find_decoder(id);
    if (!found) return Error{Errc::decoder_missing};
    Decoder out{CodecPtr{avcodec_alloc_context3(found)}, FramePtr{av_frame_alloc()},
                PacketPtr{av_packet_alloc()}};
    if (!out.codec || !out.frame || !out.packet) return Error{Errc::out_of_memory};
    const auto& config = *track.decoder_config;
    if (config.empty()) return Error{Errc::bad_decoder_config};
    auto& codec = *out.codec;
    codec.extradata = static_cast<std::uint8_t*>(av_mallocz(config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (!codec.extradata) return Error{Errc::out_of_memory};
    std::memcpy(codec.extradata, config.data(), config.size());
    codec.extradata_size = static_cast<int>(config.size());
    codec.thread_count = 1;
    codec.max_pixels = kMostPixels;
    if (avcodec_open2(&codec, nullptr, nullptr) < 0) return Error{Errc::bad_decoder_config};
    return out;
}

}  // namespace

struct PictureDecoder::State {
    Decoder decoder;

    void see_all(const See& see) {
        decoder.receive([&](const AVFrame& frame) {
            if (has_luma_bytes(frame.format) && frame.width > 0 && frame.height > 0)
                see({frame.data[0], frame.width, frame.height, frame.linesize[0]}, frame.pts);
        });
    }
};

PictureDecoder::PictureDecoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
PictureDecoder::~PictureDecoder() = default;

Result<std::unique_ptr<PictureDecoder>> PictureDecoder::open(const TrackDescription& track) {
    auto decoder = open_decoder(AV_CODEC_ID_H264, track);
    if (!decoder) return decoder.error();
    return std::unique_ptr<PictureDecoder>(
        new PictureDecoder(std::make_unique<State>(State{std::move(*decoder)})));
}

Result<void> PictureDecoder::decode(ByteView avcc, std::int64_t pts_ms, const See& see) {
    const auto sent = state_->decoder.send(avcc, pts_ms);
    state_->see_all(see);
    return sent;
}

Result<void> PictureDecoder::glance(ByteView avcc, std::int64_t pts_ms, const See& see) {
    auto& codec = *state_->decoder.codec;
    codec.skip_loop_filter = AVDISCARD_ALL;
    auto done = decode(avcc, pts_ms, see);
    finish(see);
    codec.skip_loop_filter = AVDISCARD_DEFAULT;
    return done;
}

void PictureDecoder::finish(const See& see) {
    avcodec_send_packet(state_->decoder.codec.get(), nullptr);
    state_->see_all(see);
    avcodec_flush_buffers(state_->decoder.codec.get());
}

struct SoundDecoder::State {
    Decoder decoder;
};

SoundDecoder::SoundDecoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
SoundDecoder::~SoundDecoder() = default;

Result<std::unique_ptr<SoundDecoder>> SoundDecoder::open(const TrackDescription& track) {
    auto decoder = open_decoder(AV_CODEC_ID_AAC, track);
    if (!decoder) return decoder.error();
    return std::unique_ptr<SoundDecoder>(
        new SoundDecoder(std::make_unique<State>(State{std::move(*decoder)})));
}

Result<void> SoundDecoder::decode(ByteView aac, const Hear& hear) {
    auto& decoder = state_->decoder;
    const auto sent = decoder.send(aac, AV_NOPTS_VALUE);
    decoder.receive([&](const AVFrame& frame) {
        if (frame.format != AV_SAMPLE_FMT_FLTP) return;
        std::array<std::span<const float>, kMostChannels> channels;
        const auto count =
            std::min<std::size_t>(static_cast<std::size_t>(frame.ch_layout.nb_channels), kMostChannels);
        for (std::size_t i = 0; i < count; ++i)
            channels[i] = {reinterpret_cast<const float*>(frame.extended_data[i]),
                           static_cast<std::size_t>(frame.nb_samples)};
        hear(Channels{channels.data(), count});
    });
    return sent;
}

}  // namespace tongke::av
