#include <cstring>

#include "common/av/codec.hpp"
#include "common/av/encoder.hpp"
#include "common/media/flv.hpp"
#include "common/media/h264.hpp"

namespace tongke::av {

struct VideoEncoder::State {
    CodecPtr codec;
    FramePtr frame;
    PacketPtr packet;
    SharedTrack track;
};

namespace {

Result<CodecPtr> open_x264(const VideoEncoderOptions& options) {
    auto made = make_encoder("libx264");
    if (!made) return made.error();
    auto& codec = **made;
    codec.width = options.width;
    codec.height = options.height;
    codec.pix_fmt = AV_PIX_FMT_YUV420P;
    codec.color_range = AVCOL_RANGE_MPEG;
    codec.colorspace = AVCOL_SPC_BT709;
    codec.color_primaries = AVCOL_PRI_BT709;
    codec.color_trc = AVCOL_TRC_BT709;
    codec.time_base = {1, options.fps};
    codec.framerate = {options.fps, 1};
    codec.bit_rate = std::int64_t{options.bitrate_kbps} * 1000;
    codec.rc_max_rate = codec.bit_rate;
    codec.rc_buffer_size = static_cast<int>(codec.bit_rate);
    codec.gop_size = options.keyframe_every;
    codec.keyint_min = options.keyframe_every;
    codec.max_b_frames = 0;
    codec.thread_count = 1;
    codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    codec.profile = FF_PROFILE_H264_MAIN;
    av_opt_set(codec.priv_data, "preset", "superfast", 0);
    av_opt_set(codec.priv_data, "tune", "zerolatency", 0);
    av_opt_set_int(codec.priv_data, "sc_threshold", 0, 0);
    if (const int opened = avcodec_open2(&codec, nullptr, nullptr); opened < 0)
        return encoder_error(opened, "open libx264");
    return made;
}

Result<SharedTrack> track_of(const AVCodecContext& codec) {
    if (codec.extradata_size <= 0) return Error{Errc::encoder_failed};
    const auto config =
        h264::decoder_config({codec.extradata, static_cast<std::size_t>(codec.extradata_size)});
    if (!config) return config.error();
    return flv::describe(TrackKind::video, *config);
}

void copy_plane(std::uint8_t* to, int to_stride, const std::uint8_t* from, int width, int height) {
    for (int y = 0; y < height; ++y)
        std::memcpy(to + std::ptrdiff_t{y} * to_stride, from + std::ptrdiff_t{y} * width,
                    static_cast<std::size_t>(width));
}

}  // namespace

VideoEncoder::VideoEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoEncoder::~VideoEncoder() = default;

Result<std::unique_ptr<VideoEncoder>> VideoEncoder::open(const VideoEncoderOptions& options) {
    auto codec = open_x264(options);
    if (!codec) return codec.error();
    auto track = track_of(**codec);
    if (!track) return track.error();
    auto state = std::make_unique<State>(State{std::move(*codec), FramePtr{av_frame_alloc()},
                                               PacketPtr{av_packet_alloc()}, std::move(*track)});
    if (!state->frame || !state->packet) return Error{Errc::out_of_memory};
    state->frame->format = AV_PIX_FMT_YUV420P;
    state->frame->width = options.width;
    state->frame->height = options.height;
    if (av_frame_get_buffer(state->frame.get(), 0) < 0) return Error{Errc::out_of_memory};
    return std::unique_ptr<VideoEncoder>(new VideoEncoder(std::move(state)));
}

const SharedTrack& VideoEncoder::track() const { return state_->track; }

Result<std::vector<EncodedPicture>> VideoEncoder::encode(const Picture& picture, std::int64_t index) {
    auto& s = *state_;
    if (picture.width() != s.codec->width || picture.height() != s.codec->height)
        return Error{Errc::bad_sample};
    if (av_frame_make_writable(s.frame.get()) < 0) return Error{Errc::out_of_memory};
    copy_plane(s.frame->data[0], s.frame->linesize[0], picture.plane(0), picture.width(), picture.height());
    for (const int chroma : {1, 2})
        copy_plane(s.frame->data[chroma], s.frame->linesize[chroma], picture.plane(chroma),
                   picture.chroma_width(), picture.chroma_height());
    s.frame->pts = index;
    std::vector<EncodedPicture> out;
    const auto done = run_encoder(*s.codec, *s.frame, *s.packet, [&](const AVPacket& packet) {
        out.push_back({(packet.flags & AV_PKT_FLAG_KEY) != 0, packet.pts,
                       h264::to_avcc({packet.data, static_cast<std::size_t>(packet.size)})});
    });
    if (!done) return done.error();
    return out;
}

}  // namespace tongke::av
