// One RTMP message, as it leaves the chunk reader and enters the chunk writer,
// and the numbers of the protocol (Adobe RTMP 1.0, sections 5 to 7).
#pragma once
#include "common/base/bytes.hpp"

namespace tongke::rtmp {

enum class MessageType : std::uint8_t {
    set_chunk_size = 1,
    abort = 2,
    acknowledgement = 3,
    user_control = 4,
    window_size = 5,
    peer_bandwidth = 6,
    audio = 8,
    video = 9,
    data_amf3 = 15,
    shared_object_amf3 = 16,
    command_amf3 = 17,
    data_amf0 = 18,
    shared_object_amf0 = 19,
    command_amf0 = 20,
    aggregate = 22,
};

/// Chunk stream ids of everything we write: one per kind, so that a reader's
/// header state never mixes tracks (DESIGN.md 2.2).
inline constexpr std::uint32_t kControlChunkStream = 2;
inline constexpr std::uint32_t kCommandChunkStream = 3;
inline constexpr std::uint32_t kAudioChunkStream = 4;
inline constexpr std::uint32_t kStatusChunkStream = 5;
inline constexpr std::uint32_t kVideoChunkStream = 6;
inline constexpr std::uint32_t kDataChunkStream = 8;

/// The one message stream id of media on every connection.
inline constexpr std::uint32_t kMediaStreamId = 1;

/// Chunk size of everything we send after connect. Larger than any frame of a
/// lesson, so that a frame is one header and its bytes.
inline constexpr std::uint32_t kWireChunkSize = 1u << 20;
inline constexpr std::uint32_t kInitialChunkSize = 128;

inline constexpr std::uint32_t kMaxMessageBytes = 8u << 20;

struct Message {
    MessageType type = MessageType::audio;
    std::uint32_t timestamp = 0;  // ms, modulo 2^32
    std::uint32_t stream_id = 0;
    Bytes payload;
};

}  // namespace tongke::rtmp
