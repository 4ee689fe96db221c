#include "common/rtmp/wire.hpp"

#include <algorithm>
#include <cstring>

namespace tongke::rtmp {
namespace {

constexpr std::uint32_t kExtended = 0xFFFFFF;

std::size_t basic_header_size(std::uint32_t chunk_stream) {
    if (chunk_stream < 64) return 1;
    return chunk_stream < 320 ? 2 : 3;
}

std::uint8_t* put(std::uint8_t* out, std::uint32_t value, int width) {
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
        *out++ = static_cast<std::uint8_t>(value >> shift);
    return out;
}

std::uint8_t* put_basic_header(std::uint8_t* out, unsigned format, std::uint32_t chunk_stream) {
    const auto top = static_cast<std::uint8_t>(format << 6);
    if (chunk_stream < 64) {
        *out++ = static_cast<std::uint8_t>(top | chunk_stream);
        return out;
    }
    const auto rest = chunk_stream - 64;
    *out++ = static_cast<std::uint8_t>(top | (chunk_stream < 320 ? 0 : 1));
    *out++ = static_cast<std::uint8_t>(rest);
    if (chunk_stream >= 320) *out++ = static_cast<std::uint8_t>(rest >> 8);
    return out;
}

std::uint32_t chunk_stream_of(MessageType type) {
    switch (type) {
        case MessageType::audio: return kAudioChunkStream;
        case MessageType::video: return kVideoChunkStream;
        default: return kDataChunkStream;
    }
}

}  // namespace

WireHeader media_header(MessageType type, std::int64_t timeline_ms) {
    return {chunk_stream_of(type), type, static_cast<std::uint32_t>(timeline_ms), kMediaStreamId};
}

std::size_t wire_size(const WireHeader& header, std::size_t payload_size, std::uint32_t chunk_size) {
    const auto basic = basic_header_size(header.chunk_stream);
    const std::size_t extended = header.timestamp >= kExtended ? 4 : 0;
    const auto continuations = payload_size == 0 ? 0 : (payload_size - 1) / chunk_size;
    return basic + 11 + extended + payload_size + continuations * (basic + extended);
}

std::uint8_t* write_message(std::uint8_t* out, const WireHeader& header, ByteView payload,
                            std::uint32_t chunk_size) {
    const bool extended = header.timestamp >= kExtended;
    out = put_basic_header(out, 0, header.chunk_stream);
    out = put(out, extended ? kExtended : header.timestamp, 3);
    out = put(out, static_cast<std::uint32_t>(payload.size()), 3);
    *out++ = static_cast<std::uint8_t>(header.type);
    for (int shift = 0; shift < 32; shift += 8) *out++ = static_cast<std::uint8_t>(header.stream_id >> shift);
    if (extended) out = put(out, header.timestamp, 4);
    while (!payload.empty()) {
        const auto part = std::min<std::size_t>(payload.size(), chunk_size);
        std::memcpy(out, payload.data(), part);
        out += part;
        payload = payload.subspan(part);
        if (payload.empty()) break;
        out = put_basic_header(out, 3, header.chunk_stream);
        if (extended) out = put(out, header.timestamp, 4);
    }
    return out;
}

void append_message(Bytes& out, const WireHeader& header, ByteView payload, std::uint32_t chunk_size) {
    const auto before = out.size();
    out.resize(before + wire_size(header, payload.size(), chunk_size));
    write_message(out.data() + before, header, payload, chunk_size);
}

}  // namespace tongke::rtmp
