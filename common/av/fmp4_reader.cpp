#include "common/av/fmp4_reader.hpp"

#include <algorithm>
#include <cstring>

#include "common/av/codec.hpp"
#include "common/av/error.hpp"
#include "common/av/fmp4_shape.hpp"
#include "common/media/flv.hpp"

namespace tongke::av {
namespace {

constexpr int kBuffer = 32 * 1024;

/// Two pieces of memory, read as one file.
struct Source {
    ByteView init, segment;
    std::size_t at = 0;

    int read(std::uint8_t* out, int room) {
        const auto part = at < init.size() ? init.subspan(at) : segment.subspan(at - init.size());
        if (part.empty()) return AVERROR_EOF;
        const auto count = std::min(part.size(), static_cast<std::size_t>(room));
        std::memcpy(out, part.data(), count);
        at += count;
        return static_cast<int>(count);
    }
};

int read_source(void* source, std::uint8_t* out, int room) {
    return static_cast<Source*>(source)->read(out, room);
}

struct FreeIo {
    void operator()(AVIOContext* io) const {
        av_freep(&io->buffer);
        avio_context_free(&io);
    }
};
struct CloseInput {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
using Input = std::unique_ptr<AVFormatContext, CloseInput>;
using Io = std::unique_ptr<AVIOContext, FreeIo>;

Result<Input> open(AVIOContext* io) {
    auto* context = avformat_alloc_context();
    if (!context) return Error{Errc::out_of_memory};
    context->pb = io;
    // Samples as they are stored: no parser may join or fill in anything.
    context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    // Frees the context where it fails.
    const int code = avformat_open_input(&context, nullptr, av_find_input_format("mp4"), nullptr);
    if (code < 0) return from_libav(code, "open");
    return Input{context};
}

/// The kind of each of the input's streams; none for one that is neither.
Result<std::vector<std::optional<TrackKind>>> take_tracks(const AVFormatContext& input, Tracks& tracks) {
    std::vector<std::optional<TrackKind>> kinds;
    for (unsigned i = 0; i < input.nb_streams; ++i) {
        const auto& codec = *input.streams[i]->codecpar;
        kinds.emplace_back();
        if (codec.codec_id == AV_CODEC_ID_H264) kinds.back() = TrackKind::video;
        if (codec.codec_id == AV_CODEC_ID_AAC) kinds.back() = TrackKind::audio;
        if (!kinds.back() || codec.extradata_size <= 0) continue;
        auto track =
            flv::describe(*kinds.back(), {codec.extradata, static_cast<std::size_t>(codec.extradata_size)});
        if (!track) return track.error();
        (*kinds.back() == TrackKind::video ? tracks.video : tracks.audio) = std::move(*track);
    }
    return kinds;
}

}  // namespace

Result<Fragment> demux_fragment(ByteView init, ByteView segment) {
    if (!has_our_shape(init, segment)) return Error{Errc::bad_sample};
    quiet_libav();
    Source source{init, segment};
    auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBuffer));
    Io io{avio_alloc_context(buffer, kBuffer, 0, &source, read_source, nullptr, nullptr)};
    if (!io) return Error{Errc::out_of_memory};
    auto input = open(io.get());
    if (!input) return input.error();
    Fragment out;
    const auto kinds = take_tracks(**input, out.tracks);
    if (!kinds) return kinds.error();
    const PacketPtr packet{av_packet_alloc()};
    if (!packet) return Error{Errc::out_of_memory};
    int code = 0;
    while ((code = av_read_frame(input->get(), packet.get())) >= 0) {
        const auto index = static_cast<std::size_t>(packet->stream_index);
        if (index < kinds->size() && (*kinds)[index])
            out.samples[static_cast<std::size_t>(*(*kinds)[index])].emplace_back(packet->data,
                                                                                 packet->data + packet->size);
        av_packet_unref(packet.get());
    }
    if (code != AVERROR_EOF) return from_libav(code, "read");
    if (!out.tracks.video && !out.tracks.audio) return Error{Errc::no_tracks};
    return out;
}

}  // namespace tongke::av
