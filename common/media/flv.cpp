#include "common/media/flv.hpp"

#include <fmt/core.h>

#include "common/base/byte_reader.hpp"
#include "common/base/byte_writer.hpp"
#include "common/base/error_category.hpp"

namespace tongke::flv {
namespace {

const char* words(Errc error) {
    switch (error) {
        case Errc::truncated: return "tag ends before its header does";
        case Errc::unsupported_codec: return "only h.264 and aac are carried";
        case Errc::unsupported_packet: return "packet type is unknown";
        case Errc::malformed_config: return "decoder configuration cannot be read";
        case Errc::not_flv: return "file does not begin with an flv header";
        case Errc::tag_too_long: return "tag is longer than 8 MiB";
    }
    return nullptr;
}

constexpr std::uint8_t kAvcCodecId = 7;
constexpr std::uint8_t kAacFormat = 10;
constexpr std::uint8_t kEnhancedAudioFormat = 9;
constexpr unsigned kCommandFrame = 5;
constexpr unsigned kModEx = 7;

std::int32_t signed24(std::uint32_t value) { return static_cast<std::int32_t>(value << 8) >> 8; }

Result<Packet> classic_packet(std::uint8_t type) {
    if (type > 2) return Errc::unsupported_packet;
    return static_cast<Packet>(type);
}

/// Enhanced RTMP v2, "ModEx": size-prefixed extras, each followed by the real packet type.
unsigned skip_mod_ex(ByteReader& in, unsigned type) {
    while (type == kModEx && in.ok()) {
        std::size_t size = in.u8() + 1u;
        if (size == 256) size = in.u16() + 1u;
        in.take(size);
        type = in.u8() & 0x0F;
    }
    return type;
}

/// 0 start, 1 coded, 2 end, 3 coded without composition time (video), 4 metadata or channel map.
Result<Packet> enhanced_packet(TrackKind kind, unsigned type) {
    if (type <= 2) return static_cast<Packet>(type);
    if (type == 3 && kind == TrackKind::video) return Packet::coded;
    if (type == 4) return Packet::ignorable;
    return Errc::unsupported_packet;
}

struct EnhancedHeader {
    unsigned type = 0;
    std::string four_cc;
};

EnhancedHeader enhanced_header(ByteReader& in, std::uint8_t first) {
    const auto type = skip_mod_ex(in, first & 0x0F);
    return {type, std::string(as_text(in.take(4)))};
}

Result<VideoTag> enhanced_video(ByteReader& in, std::uint8_t first) {
    VideoTag tag;
    const auto frame_type = (first >> 4) & 7u;
    if (frame_type == kCommandFrame) {
        tag.packet = Packet::ignorable;
        return tag;
    }
    const auto header = enhanced_header(in, first);
    if (!in.ok()) return Errc::truncated;
    if (header.four_cc != "avc1") return Errc::unsupported_codec;
    const auto packet = enhanced_packet(TrackKind::video, header.type);
    if (!packet) return packet.error();
    tag.packet = *packet;
    tag.keyframe = frame_type == 1;
    if (header.type == 1) tag.cts_ms = signed24(in.u24());
    if (!in.ok()) return Errc::truncated;
    tag.offset = static_cast<std::uint32_t>(in.position());
    return tag;
}

Result<AudioTag> enhanced_audio(ByteReader& in, std::uint8_t first) {
    const auto header = enhanced_header(in, first);
    if (!in.ok()) return Errc::truncated;
    if (header.four_cc != "mp4a") return Errc::unsupported_codec;
    const auto packet = enhanced_packet(TrackKind::audio, header.type);
    if (!packet) return packet.error();
    return AudioTag{*packet, Codec::aac, static_cast<std::uint32_t>(in.position())};
}

template <class Tag>
Result<Tag> without_empty_frames(Result<Tag> tag, ByteView body) {
    if (tag && tag->packet == Packet::coded && tag->offset >= body.size()) tag->packet = Packet::ignorable;
    return tag;
}

}  // namespace

Error make_error_code(Errc code) {
    static const ErrorCategory<Errc> category{"flv", words};
    return {static_cast<int>(code), category};
}

Result<VideoTag> parse_video_tag(ByteView body) {
    ByteReader in(body);
    const auto first = in.u8();
    if (!in.ok()) return Errc::truncated;
    if (first & 0x80) return without_empty_frames(enhanced_video(in, first), body);
    VideoTag tag;
    if (first >> 4 == kCommandFrame) {
        tag.packet = Packet::ignorable;
        return tag;
    }
    if ((first & 0x0F) != kAvcCodecId) return Errc::unsupported_codec;
    const auto packet = classic_packet(in.u8());
    tag.cts_ms = signed24(in.u24());
    if (!in.ok()) return Errc::truncated;
    if (!packet) return packet.error();
    tag.packet = *packet;
    tag.keyframe = first >> 4 == 1;
    tag.offset = 5;
    return without_empty_frames<VideoTag>(tag, body);
}

Result<AudioTag> parse_audio_tag(ByteView body) {
    ByteReader in(body);
    const auto first = in.u8();
    if (!in.ok()) return Errc::truncated;
    if (first >> 4 == kEnhancedAudioFormat) return without_empty_frames(enhanced_audio(in, first), body);
    if (first >> 4 != kAacFormat) return Errc::unsupported_codec;
    const auto packet = classic_packet(in.u8());
    if (!in.ok()) return Errc::truncated;
    if (!packet) return packet.error();
    return without_empty_frames<AudioTag>(AudioTag{*packet, Codec::aac, 2}, body);
}

Result<Packet> classify(TrackKind kind, ByteView body) {
    if (kind == TrackKind::video) {
        const auto tag = parse_video_tag(body);
        return tag ? Result<Packet>(tag->packet) : Result<Packet>(tag.error());
    }
    const auto tag = parse_audio_tag(body);
    return tag ? Result<Packet>(tag->packet) : Result<Packet>(tag.error());
}

bool is_frame(TrackKind kind, ByteView body) {
    const auto packet = classify(kind, body);
    return packet && *packet == Packet::coded;
}

std::string codec_name(TrackKind kind, ByteView body) {
    ByteReader in(body);
    const auto first = in.u8();
    const bool video = kind == TrackKind::video;
    const bool enhanced = video ? (first & 0x80) != 0 : first >> 4 == kEnhancedAudioFormat;
    if (!enhanced)
        return video ? fmt::format("video codec id {}", first & 0x0F)
                     : fmt::format("sound format {}", first >> 4);
    auto four_cc = enhanced_header(in, first).four_cc;
    for (auto& c : four_cc) {
        if (c < 0x20 || c > 0x7E) c = '?';
    }
    return four_cc.empty() ? "unknown" : four_cc;
}

void to_classic(TrackKind kind, Bytes& body) {
    if (body.empty()) return;
    Bytes header;
    std::size_t offset = 0;
    if (kind == TrackKind::video) {
        const auto tag = parse_video_tag(body);
        if (!(body.front() & 0x80) || !tag || tag->packet == Packet::ignorable) return;
        const auto cts = static_cast<std::uint32_t>(tag->cts_ms);
        header = {static_cast<std::uint8_t>((body.front() & 0x70) | kAvcCodecId),
                  static_cast<std::uint8_t>(tag->packet), static_cast<std::uint8_t>(cts >> 16),
                  static_cast<std::uint8_t>(cts >> 8), static_cast<std::uint8_t>(cts)};
        offset = tag->offset;
    } else {
        const auto tag = parse_audio_tag(body);
        if (body.front() >> 4 != kEnhancedAudioFormat || !tag || tag->packet == Packet::ignorable) return;
        header = {0xAF, static_cast<std::uint8_t>(tag->packet)};
        offset = tag->offset;
    }
    body.erase(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(offset));
    body.insert(body.begin(), header.begin(), header.end());
}

Bytes video_body(bool keyframe, std::int32_t cts_ms, ByteView avcc) {
    Bytes body;
    body.reserve(kVideoBodyOffset + avcc.size());
    ByteWriter writer(body);
    writer.u8(keyframe ? 0x17 : 0x27);
    writer.u8(1);
    writer.u24(static_cast<std::uint32_t>(cts_ms) & 0xFFFFFF);
    writer.bytes(avcc);
    return body;
}

Bytes audio_body(ByteView aac) {
    Bytes body;
    body.reserve(kAudioBodyOffset + aac.size());
    ByteWriter writer(body);
    writer.u8(0xAF);
    writer.u8(1);
    writer.bytes(aac);
    return body;
}

}  // namespace tongke::flv
