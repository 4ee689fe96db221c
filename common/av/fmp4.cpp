#include "common/av/fmp4.hpp"

#include <array>
#include <cstring>
#include <mutex>

#include "common/av/error.hpp"
#include "common/av/libav.hpp"
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

struct FreeFormat {
    void operator()(AVFormatContext* context) const {
        if (context->pb) {
            std::uint8_t* buffer = nullptr;
            avio_close_dyn_buf(context->pb, &buffer);
            av_free(buffer);
            context->pb = nullptr;
        }
        avformat_free_context(context);
    }
};
struct FreePacket {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};

/// One use of libavformat's mp4 muxer, writing to memory.
class Muxer {
  public:
    Result<void> open(const Tracks& tracks, std::uint32_t sequence);
    Result<void> write(const Sample& sample);
    Result<void> flush();
    /// What was written since the last call.
    Bytes take();

  private:
    Result<void> add_track(const TrackDescription& track, int& index);
    Result<void> write_header(std::uint32_t sequence);

    std::unique_ptr<AVFormatContext, FreeFormat> context_;
    std::unique_ptr<AVPacket, FreePacket> packet_;
    std::array<int, 2> index_{-1, -1};  // by TrackKind
    std::size_t taken_ = 0;
};

Result<void> Muxer::open(const Tracks& tracks, std::uint32_t sequence) {
    static std::once_flag once;
    std::call_once(once, [] { av_log_set_callback(to_our_log); });
    if (!tracks.video && !tracks.audio) return Error{Errc::no_tracks};
    AVFormatContext* raw = nullptr;
    const int code = avformat_alloc_output_context2(&raw, nullptr, "mp4", nullptr);
    if (code < 0) return from_libav(code, "allocate");
    context_.reset(raw);
    packet_.reset(av_packet_alloc());
    if (!packet_) return Error{Errc::out_of_memory};
    for (const auto& track : {tracks.video, tracks.audio}) {
        if (!track) continue;
        if (auto added = add_track(*track, index_[static_cast<std::size_t>(track->kind)]); !added)
            return added;
    }
    if (const int opened = avio_open_dyn_buf(&context_->pb); opened < 0) return from_libav(opened, "buffer");
    return write_header(sequence);
}

Result<void> Muxer::add_track(const TrackDescription& track, int& index) {
    AVStream* stream = avformat_new_stream(context_.get(), nullptr);
    if (!stream) return Error{Errc::out_of_memory};
    index = stream->index;
    AVCodecParameters& codec = *stream->codecpar;
    if (!track.decoder_config || track.decoder_config->empty()) return Error{Errc::bad_decoder_config};
    const auto& config = *track.decoder_config;
    codec.extradata = static_cast<std::uint8_t*>(av_mallocz(config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (!codec.extradata) return Error{Errc::out_of_memory};
    std::memcpy(codec.extradata, config.data(), config.size());
    codec.extradata_size = static_cast<int>(config.size());
    if (track.kind == TrackKind::video) {
        if (track.width <= 0 || track.height <= 0) return Error{Errc::bad_decoder_config};
        codec.codec_type = AVMEDIA_TYPE_VIDEO;
        codec.codec_id = AV_CODEC_ID_H264;
        codec.width = track.width;
        codec.height = track.height;
        stream->time_base = {1, kVideoTimescale};
    } else {
        if (track.sample_rate <= 0 || track.channels <= 0) return Error{Errc::bad_decoder_config};
        codec.codec_type = AVMEDIA_TYPE_AUDIO;
        codec.codec_id = AV_CODEC_ID_AAC;
        codec.sample_rate = track.sample_rate;
        av_channel_layout_default(&codec.ch_layout, track.channels);
        codec.frame_size = 1024;
        stream->time_base = {1, track.sample_rate};
    }
    return {};
}

Result<void> Muxer::write_header(std::uint32_t sequence) {
    context_->flags |= AVFMT_FLAG_BITEXACT;
    // The muxer would else shift the first timestamp of each fragment to zero.
    context_->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    AVDictionary* options = nullptr;
    // frag_discont makes tfdt the absolute timestamp instead of a sum from zero.
    av_dict_set(&options, "movflags", "empty_moov+frag_custom+frag_discont+default_base_moof", 0);
    av_dict_set_int(&options, "use_editlist", 0, 0);
    av_dict_set_int(&options, "video_track_timescale", kVideoTimescale, 0);
    av_dict_set_int(&options, "fragment_index", std::max<std::uint32_t>(1, sequence & 0x7fffffff), 0);
    const int code = avformat_write_header(context_.get(), &options);
    av_dict_free(&options);
    if (code < 0) {
        const Error error = from_libav(code, "header");
        return error == Errc::out_of_memory ? error : Error{Errc::bad_decoder_config};
    }
    return {};
}

Result<void> Muxer::write(const Sample& sample) {
    const int index = index_[static_cast<std::size_t>(sample.kind)];
    if (index < 0 || sample.data.empty()) return Error{Errc::bad_sample};
    AVPacket& packet = *packet_;
    // The muxer copies what it is given and never writes to it.
    packet.data = const_cast<std::uint8_t*>(sample.data.data());
    packet.size = static_cast<int>(sample.data.size());
    packet.stream_index = index;
    packet.dts = sample.dts;
    packet.pts = sample.pts;
    packet.duration = sample.duration;
    packet.flags = sample.keyframe || sample.kind == TrackKind::audio ? AV_PKT_FLAG_KEY : 0;
    const int code = av_write_frame(context_.get(), &packet);
    av_packet_unref(&packet);
    if (code < 0) return from_libav(code, "frame");
    return {};
}

Result<void> Muxer::flush() {
    const int code = av_write_frame(context_.get(), nullptr);
    if (code < 0) return from_libav(code, "flush");
    return {};
}

Bytes Muxer::take() {
    avio_flush(context_->pb);
    std::uint8_t* buffer = nullptr;
    const int size = avio_get_dyn_buf(context_->pb, &buffer);
    Bytes out(buffer + taken_, buffer + std::max<std::size_t>(taken_, static_cast<std::size_t>(size)));
    taken_ += out.size();
    return out;
}

}  // namespace

Result<Bytes> mux_init(const Tracks& tracks) {
    Muxer muxer;
    if (auto opened = muxer.open(tracks, 1); !opened) return opened.error();
    return muxer.take();
}

Result<Bytes> mux_fragment(const Tracks& tracks, std::uint32_t sequence, std::span<const Sample> samples) {
    if (samples.empty()) return Error{Errc::bad_sample};
    Muxer muxer;
    if (auto opened = muxer.open(tracks, sequence); !opened) return opened.error();
    muxer.take();
    for (const auto& sample : samples)
        if (auto written = muxer.write(sample); !written) return written.error();
    if (auto flushed = muxer.flush(); !flushed) return flushed.error();
    return muxer.take();
}

std::string codecs_of(const Tracks& tracks) {
    std::string out;
    if (tracks.video && tracks.video->decoder_config)
        if (const auto config = flv::parse_avc_config(*tracks.video->decoder_config)) out = config->codecs();
    if (tracks.audio && tracks.audio->decoder_config)
        if (const auto config = flv::parse_audio_config(*tracks.audio->decoder_config))
            out += (out.empty() ? "" : ",") + config->codecs();
    return out;
}

}  // namespace tongke::av
