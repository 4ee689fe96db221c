#include "common/hls/frame_index.hpp"

#include <algorithm>
#include <array>

#include "common/base/byte_reader.hpp"
#include "common/base/byte_writer.hpp"

namespace tongke::hls {
namespace {

constexpr std::array<std::uint8_t, 16> kBox{0x7d, 0x3c, 0x1f, 0x0a, 0x52, 0xb8, 0x4e, 0x6d,
                                            0x9a, 0x41, 't',  'o',  'n',  'g',  'k',  'e'};
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kBoxHeader = 8 + kBox.size() + 1;
// Far above ten seconds of any lesson.
constexpr std::uint64_t kMaxFrames = 100'000;
// Numbers and times fit in a double (CONTRACT.md 4).
constexpr std::int64_t kLimit = std::int64_t{1} << 53;

enum Flag : std::uint8_t { audio = 1, keyframe = 2, opens = 4, aside = 8 };

/// Base 128, the lowest seven bits first.
void put(ByteWriter& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.u8(static_cast<std::uint8_t>(value | 0x80));
    out.u8(static_cast<std::uint8_t>(value));
}

void put_signed(ByteWriter& out, std::int64_t value) {
    put(out, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}

std::uint64_t get(ByteReader& in) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const auto byte = in.u8();
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    in.fail();
    return 0;
}

std::int64_t get_signed(ByteReader& in) {
    const auto value = get(in);
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

/// Differences travel: they wrap where a hostile box makes them.
std::int64_t sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

IndexedFrame get_frame(ByteReader& in, const IndexedFrame& before) {
    IndexedFrame frame;
    const auto flags = in.u8();
    frame.kind = flags & Flag::audio ? TrackKind::audio : TrackKind::video;
    frame.keyframe = flags & Flag::keyframe;
    frame.opens_segment = flags & Flag::opens;
    frame.number = sum(before.number, get_signed(in));
    frame.dts_ms = sum(before.dts_ms, get_signed(in));
    if (frame.kind == TrackKind::video) frame.cts_ms = static_cast<std::int32_t>(get_signed(in));
    if (flags & Flag::aside) {
        const auto bytes = in.take(get(in));
        frame.aside = share({bytes.begin(), bytes.end()});
    }
    return frame;
}

std::optional<FrameIndex> read_body(ByteView body) {
    ByteReader in(body);
    FrameIndex index;
    index.parameter_bytes = get(in);
    const auto count = get(in);
    if (count > kMaxFrames) return std::nullopt;
    IndexedFrame before;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        before = get_frame(in, before);
        const bool in_order = index.frames.empty() || before.number > index.frames.back().number;
        const bool in_range =
            before.number >= 0 && before.number < kLimit && before.dts_ms > -kLimit && before.dts_ms < kLimit;
        if (!in_order || !in_range) return std::nullopt;
        index.frames.push_back(before);
    }
    return in.ok() ? std::optional{std::move(index)} : std::nullopt;
}

}  // namespace

Bytes write_frame_index(const FrameIndex& index) {
    Bytes out;
    ByteWriter writer(out);
    writer.u32(0);  // its length, once it is known
    writer.text("uuid");
    writer.bytes(kBox);
    writer.u8(kVersion);
    put(writer, index.parameter_bytes);
    put(writer, index.frames.size());
    IndexedFrame before;
    for (const auto& frame : index.frames) {
        std::uint8_t flags = 0;
        if (frame.kind == TrackKind::audio) flags |= Flag::audio;
        if (frame.keyframe) flags |= Flag::keyframe;
        if (frame.opens_segment) flags |= Flag::opens;
        if (frame.aside) flags |= Flag::aside;
        writer.u8(flags);
        put_signed(writer, frame.number - before.number);
        put_signed(writer, frame.dts_ms - before.dts_ms);
        if (frame.kind == TrackKind::video) put_signed(writer, frame.cts_ms);
        if (frame.aside) {
            put(writer, frame.aside->size());
            writer.bytes(*frame.aside);
        }
        before.number = frame.number;
        before.dts_ms = frame.dts_ms;
    }
    Bytes length;
    ByteWriter(length).u32(static_cast<std::uint32_t>(out.size()));
    std::copy(length.begin(), length.end(), out.begin());
    return out;
}

std::optional<FrameIndex> read_frame_index(ByteView segment) {
    ByteReader in(segment);
    while (in.left() >= kBoxHeader) {
        const auto size = in.u32();
        const auto type = as_text(in.take(4));
        if (size < 8) return std::nullopt;  // to the end of the file, or 64 bits: not ours
        const auto body = in.take(size - 8);
        if (!in.ok()) return std::nullopt;
        if (type != "uuid" || body.size() <= kBox.size() ||
            !std::equal(kBox.begin(), kBox.end(), body.begin()))
            continue;
        if (body[kBox.size()] != kVersion) return std::nullopt;
        return read_body(body.subspan(kBox.size() + 1));
    }
    return std::nullopt;
}

}  // namespace tongke::hls
