#include "common/av/fmp4_reader.hpp"

#include <algorithm>
#include <cstring>

#include "common/av/codec.hpp"
#include "common/av/error.hpp"
#include "common/base/byte_reader.hpp"
#include "common/media/flv.hpp"

namespace tongke::av {
namespace {

constexpr int kBuffer = 32 * 1024;
// Far above ten seconds of any lesson.
constexpr std::uint32_t kMostEntries = 100'000;
constexpr int kDeepest = 8;

constexpr std::uint32_t box(const char (&name)[5]) {
    return std::uint32_t{static_cast<std::uint8_t>(name[0])} << 24 |
           std::uint32_t{static_cast<std::uint8_t>(name[1])} << 16 |
           std::uint32_t{static_cast<std::uint8_t>(name[2])} << 8 | static_cast<std::uint8_t>(name[3]);
}

template <std::size_t N>
bool among(const std::array<std::uint32_t, N>& boxes, std::uint32_t type) {
    return std::find(boxes.begin(), boxes.end(), type) != boxes.end();
}

/// libavformat makes room for as many entries as a table claims to have before it has read them, and some
/// need no bytes of their own (ISO/IEC 14496-12 8.8.8, 8.7.3): what claims too many never reaches it.
bool counts_are_sane(ByteView boxes, int depth = 0) {
    constexpr std::array kContainers{box("moov"), box("trak"), box("mdia"), box("minf"), box("stbl"),
                                     box("edts"), box("mvex"), box("moof"), box("traf")};
    constexpr std::array kTables{box("trun"), box("stts"), box("ctts"), box("stsc"),
                                 box("stco"), box("co64"), box("stss"), box("elst"),
                                 box("sbgp"), box("stps"), box("stsd"), box("dref")};
    ByteReader in{boxes};
    while (in.ok() && in.left() >= 8) {
        const std::uint64_t size = in.u32();
        const auto type = in.u32();
        // 0: to the end; 1: 64 bits follow.
        const auto whole = size == 1 ? in.u64() : size == 0 ? in.left() + 8 : size;
        const std::uint64_t header = size == 1 ? 16 : 8;
        if (whole < header) return false;
        const auto body = in.take(std::min<std::uint64_t>(whole - header, in.left()));
        ByteReader fields{body};
        fields.u32();  // version, flags
        if (type == box("stsz") || type == box("stz2")) fields.u32();
        if ((among(kTables, type) || type == box("stsz") || type == box("stz2")) &&
            fields.u32() > kMostEntries)
            return false;
        if (among(kContainers, type) && (depth == kDeepest || !counts_are_sane(body, depth + 1)))
            return false;
    }
    return true;
}

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
    if (!counts_are_sane(init) || !counts_are_sane(segment)) return Error{Errc::bad_sample};
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
