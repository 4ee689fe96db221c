// Reassembles messages from chunks (RTMP 1.0 section 5.3). Owned by one
// connection; holds at most kMaxInFlight bytes of unfinished messages (less while
// its owner says so) and 64 chunk streams. Set chunk size and abort are obeyed here and not passed on.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/rtmp/error.hpp"
#include "common/rtmp/message.hpp"

namespace tongke::rtmp {

class ChunkReader {
  public:
    static constexpr std::size_t kMaxInFlight = 16u << 20;
    static constexpr std::size_t kMaxChunkStreams = 64;

    /// Appends every message that `input` completes. After an error the reader is unusable.
    Error feed(ByteView input, std::vector<Message>& out);

    /// Of unfinished messages, for a peer that has no right to more yet.
    void limit_in_flight(std::size_t bytes) { in_flight_limit_ = bytes; }

    std::uint32_t chunk_size() const { return chunk_size_; }

  private:
    /// Whether type 3 chunks repeat the extended timestamp: senders differ (TRAPS.md 2).
    enum class Repeats : std::uint8_t { unknown, yes, no };

    struct ChunkStream {
        bool known = false;  // a type 0 header was seen
        bool open = false;   // a message is unfinished
        bool extended = false;
        Repeats repeats = Repeats::unknown;
        MessageType type = MessageType::audio;
        std::uint32_t timestamp = 0;
        std::uint32_t field = 0;  // last timestamp field: absolute for type 0, else a delta
        std::uint32_t length = 0;
        std::uint32_t stream_id = 0;
        Bytes body;
    };
    struct Header {
        unsigned format = 0;
        std::uint32_t chunk_stream = 0;
        std::uint32_t field = 0;
        std::uint32_t length = 0;
        std::uint8_t type = 0;
        std::uint32_t stream_id = 0;
        bool extended = false;
        std::size_t size = 0;  // bytes on the wire; 0: more are needed
        Repeats repeats = Repeats::unknown;
    };

    Error take_header(ByteView& input, std::vector<Message>& out);
    Header parse_header(ByteView bytes) const;
    void parse_repeated(ByteView rest, const ChunkStream& stream, Header& header) const;
    Error apply(const Header& header, std::vector<Message>& out);
    Error begin_message(ChunkStream& stream, const Header& header);
    Error take_payload(ByteView& input, std::vector<Message>& out);
    Error finish(ChunkStream& stream, std::vector<Message>& out);
    Error control(const Message& message);
    void drop_body(ChunkStream& stream);

    std::map<std::uint32_t, ChunkStream> streams_;
    ChunkStream* current_ = nullptr;  // whose payload comes next; map nodes do not move
    std::size_t chunk_left_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t in_flight_limit_ = kMaxInFlight;
    std::uint32_t chunk_size_ = kInitialChunkSize;
    Bytes pending_;  // an incomplete header
};

}  // namespace tongke::rtmp
