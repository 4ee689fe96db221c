#include "common/av/muxer.hpp"

#include <algorithm>
#include <cstring>

namespace tongke::av {

void FreeFormat::operator()(AVFormatContext* context) const {
    if (context->pb) {
        std::uint8_t* buffer = nullptr;
        avio_close_dyn_buf(context->pb, &buffer);
        av_free(buffer);
        context->pb = nullptr;
    }
    avformat_free_context(context);
}

Result<void> Muxer::open(const char* format, const Tracks& tracks, AVDictionary* options) {
    struct FreeOptions {
        AVDictionary* options;
        ~FreeOptions() { av_dict_free(&options); }
    } owned{options};
    quiet_libav();
    if (!tracks.video && !tracks.audio) return Error{Errc::no_tracks};
    AVFormatContext* raw = nullptr;
    const int code = avformat_alloc_output_context2(&raw, nullptr, format, nullptr);
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
    context_->flags |= AVFMT_FLAG_BITEXACT;
    // The muxer would else shift the first timestamp of each segment to zero.
    context_->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    context_->max_delay = 0;
    if (const int written = avformat_write_header(context_.get(), &owned.options); written < 0) {
        const Error error = from_libav(written, "header");
        return error == Errc::out_of_memory ? error : Error{Errc::bad_decoder_config};
    }
    return {};
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
        timescale_[0] = {1, kVideoTimescale};
    } else {
        if (track.sample_rate <= 0 || track.channels <= 0) return Error{Errc::bad_decoder_config};
        codec.codec_type = AVMEDIA_TYPE_AUDIO;
        codec.codec_id = AV_CODEC_ID_AAC;
        codec.sample_rate = track.sample_rate;
        av_channel_layout_default(&codec.ch_layout, track.channels);
        codec.frame_size = 1024;
        timescale_[1] = {1, track.sample_rate};
    }
    stream->time_base = timescale_[static_cast<std::size_t>(track.kind)];
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
    const auto ours = timescale_[static_cast<std::size_t>(sample.kind)];
    const auto theirs = context_->streams[index]->time_base;
    packet.dts = av_rescale_q(sample.dts, ours, theirs);
    packet.pts = av_rescale_q(sample.pts, ours, theirs);
    packet.duration = av_rescale_q(sample.duration, ours, theirs);
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

}  // namespace tongke::av
