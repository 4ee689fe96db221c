// Serialises messages to chunks, always in the same way: a type 0 header with
// the absolute timestamp, then type 3 continuations that repeat the extended
// timestamp. Pure functions, so the relay's stream log and every session write
// the same bytes (DESIGN.md 2.2).
#pragma once
#include "common/base/bytes.hpp"
#include "common/rtmp/message.hpp"

namespace tongke::rtmp {

struct WireHeader {
    std::uint32_t chunk_stream = kCommandChunkStream;  // 2..65599
    MessageType type = MessageType::command_amf0;
    std::uint32_t timestamp = 0;  // ms, modulo 2^32
    std::uint32_t stream_id = 0;
};

/// The header of a media or data message of the stream log: the fixed chunk
/// stream of its type, message stream 1. `timeline_ms` is cut to 32 bits.
WireHeader media_header(MessageType type, std::int64_t timeline_ms);

/// Bytes write_message will produce.
std::size_t wire_size(const WireHeader& header, std::size_t payload_size,
                      std::uint32_t chunk_size = kWireChunkSize);

/// Writes exactly wire_size() bytes at `out` and returns the end.
std::uint8_t* write_message(std::uint8_t* out, const WireHeader& header, ByteView payload,
                            std::uint32_t chunk_size = kWireChunkSize);

/// The same, appended to a vector.
void append_message(Bytes& out, const WireHeader& header, ByteView payload,
                    std::uint32_t chunk_size = kWireChunkSize);

}  // namespace tongke::rtmp
