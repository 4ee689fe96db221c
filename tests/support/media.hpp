// Small, valid H.264 and AAC for tests: FLV tag bodies that decode as tags
// (not as pictures), and the frames and tracks made of them.
#pragma once
#include <string_view>

#include "common/media/frame.hpp"

namespace tongke::test {

/// AVCDecoderConfigurationRecord, High, 1280x720. `variant` changes a byte of its PPS.
inline Bytes avc_config(std::uint8_t variant = 0) {
    const Bytes sps{0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x6a, 0x02, 0x02,
                    0x02, 0x80, 0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x19, 0x07, 0x8c, 0x18, 0xcb};
    const Bytes pps{0x68, 0xeb, 0xe3, 0xcb, static_cast<std::uint8_t>(0x22 + variant), 0xc0};
    Bytes record{1, 0x64, 0x00, 0x1f, 0xff, 0xe1, 0, static_cast<std::uint8_t>(sps.size())};
    record.insert(record.end(), sps.begin(), sps.end());
    record.insert(record.end(), {1, 0, static_cast<std::uint8_t>(pps.size())});
    record.insert(record.end(), pps.begin(), pps.end());
    record.insert(record.end(), {0xfd, 0xf8, 0xf8, 0x00});
    return record;
}

inline Bytes joined(Bytes head, const Bytes& tail) {
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

inline Bytes video_header_tag(std::uint8_t variant = 0) {
    return joined({0x17, 0, 0, 0, 0}, avc_config(variant));
}
/// AAC-LC, 48 kHz, stereo.
inline Bytes audio_header_tag() { return {0xAF, 0, 0x11, 0x90}; }

/// One NAL unit that carries `id` and is `size` bytes long.
inline Bytes video_tag(bool keyframe, std::uint32_t id, std::size_t size = 100) {
    Bytes unit(std::max<std::size_t>(size, 5), 0x55);
    unit[0] = keyframe ? 0x65 : 0x41;
    for (int i = 0; i < 4; ++i)
        unit[static_cast<std::size_t>(1 + i)] = static_cast<std::uint8_t>(id >> (24 - 8 * i));
    const auto length = static_cast<std::uint32_t>(unit.size());
    Bytes tag{static_cast<std::uint8_t>(keyframe ? 0x17 : 0x27), 1, 0, 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8) tag.push_back(static_cast<std::uint8_t>(length >> shift));
    return joined(std::move(tag), unit);
}
inline Bytes audio_tag(std::uint32_t id, std::size_t size = 20) {
    Bytes tag{0xAF, 1};
    for (int shift = 24; shift >= 0; shift -= 8) tag.push_back(static_cast<std::uint8_t>(id >> shift));
    tag.resize(tag.size() + size, 0x33);
    return tag;
}

/// The id that video_tag() or audio_tag() was given.
inline std::uint32_t id_of(TrackKind kind, ByteView tag) {
    const std::size_t at = kind == TrackKind::video ? 10 : 2;
    std::uint32_t id = 0;
    for (std::size_t i = 0; i < 4; ++i) id = id << 8 | tag[at + i];
    return id;
}

inline SharedTrack video_track(std::uint8_t variant = 0) {
    TrackDescription track;
    track.decoder_config = share(avc_config(variant));
    track.width = 1280;
    track.height = 720;
    return std::make_shared<const TrackDescription>(track);
}
inline SharedTrack audio_track() {
    TrackDescription track;
    track.kind = TrackKind::audio;
    track.codec = Codec::aac;
    track.decoder_config = share({0x11, 0x90});
    track.sample_rate = 48000;
    track.channels = 2;
    return std::make_shared<const TrackDescription>(track);
}

}  // namespace tongke::test
