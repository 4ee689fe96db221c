#include "common/av/codec.hpp"

#include <array>
#include <cstdio>
#include <mutex>

#include "common/log/log.hpp"
#include "common/media/flv.hpp"

namespace tongke::av {
namespace {

// libav speaks to stderr by default; its words help only whoever debugs.
void to_our_log(void*, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_WARNING || !log::enabled(log::Level::debug)) return;
    std::array<char, 512> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    std::string_view text{line.data()};
    while (text.ends_with('\n')) text.remove_suffix(1);
    log::debug("av", "{}", text);
}

}  // namespace

void quiet_libav() {
    static std::once_flag once;
    std::call_once(once, [] { av_log_set_callback(to_our_log); });
}

Result<CodecPtr> make_encoder(const char* name) {
    quiet_libav();
    const auto* codec = avcodec_find_encoder_by_name(name);
    if (!codec) return Error{Errc::encoder_missing};
    CodecPtr context{avcodec_alloc_context3(codec)};
    if (!context) return Error{Errc::out_of_memory};
    return context;
}

Result<CodecPtr> open_aac(int bitrate_kbps, int sample_rate, int channels) {
    auto made = make_encoder("aac");
    if (!made) return made.error();
    auto& codec = **made;
    codec.sample_fmt = AV_SAMPLE_FMT_FLTP;
    codec.sample_rate = sample_rate;
    av_channel_layout_default(&codec.ch_layout, channels);
    codec.bit_rate = std::int64_t{bitrate_kbps} * 1000;
    codec.time_base = {1, sample_rate};
    codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (const int opened = avcodec_open2(&codec, nullptr, nullptr); opened < 0)
        return encoder_error(opened, "open aac");
    if (codec.extradata_size <= 0 || codec.frame_size != kAacFrameSamples) return Error{Errc::encoder_failed};
    return made;
}

Result<FramePtr> aac_frame(const AVCodecContext& codec) {
    FramePtr frame{av_frame_alloc()};
    if (!frame) return Error{Errc::out_of_memory};
    frame->format = codec.sample_fmt;
    frame->sample_rate = codec.sample_rate;
    frame->nb_samples = kAacFrameSamples;
    av_channel_layout_default(&frame->ch_layout, codec.ch_layout.nb_channels);
    if (av_frame_get_buffer(frame.get(), 0) < 0) return Error{Errc::out_of_memory};
    return frame;
}

Result<SharedTrack> aac_track(const AVCodecContext& codec) {
    return flv::describe(TrackKind::audio, {codec.extradata, static_cast<std::size_t>(codec.extradata_size)});
}

}  // namespace tongke::av
