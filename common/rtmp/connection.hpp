// What both sides of a connection share: handshake, chunks, acknowledgements,
// pings, aggregates and AMF3 wrappers below; commands and media above. Internal
// to this folder: the two sessions own one each.
#pragma once
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/rtmp/amf0.hpp"
#include "common/rtmp/chunk_reader.hpp"
#include "common/rtmp/handshake.hpp"
#include "common/rtmp/server_session.hpp"
#include "common/rtmp/wire.hpp"

namespace tongke::rtmp {

/// User control events (RTMP 1.0 section 7.1.7).
enum class UserControl : std::uint16_t {
    stream_begin = 0,
    stream_eof = 1,
    set_buffer = 3,
    ping = 6,
    pong = 7
};

class Connection {
  public:
    Connection(Handshake::Role role, std::uint64_t seed);

    /// Appends audio, video, data (AMF0), command (AMF0) and pong messages.
    Error feed(ByteView input, std::vector<Message>& out);

    void send(const WireHeader& header, ByteView payload) {
        append_message(output, header, payload, chunk_size_);
    }
    void send_command(const std::vector<amf0::Value>& values, std::uint32_t stream_id,
                      std::uint32_t chunk_stream);
    void send_status(std::string_view level, std::string_view code, std::string_view description,
                     std::vector<amf0::Property> extra = {});
    void send_user_control(UserControl event, std::uint32_t value, std::optional<std::uint32_t> second = {});
    void send_window_size(std::uint32_t bytes);
    void send_peer_bandwidth(std::uint32_t bytes);
    /// Announces the chunk size and uses it from here on.
    void send_chunk_size(std::uint32_t size);

    /// See ChunkReader.
    void limit_in_flight(std::size_t bytes) { reader_.limit_in_flight(bytes); }

    bool handshake_done() const { return handshake_.done(); }
    std::uint64_t received() const { return received_; }

    Bytes output;

  private:
    Error dispatch(Message message, std::vector<Message>& out);
    Error user_control(Message message, std::vector<Message>& out);
    Error window(const Message& message);
    void expand_aggregate(const Message& message, std::vector<Message>& out);
    void acknowledge();
    void send_control(MessageType type, ByteView payload);

    Handshake handshake_;
    ChunkReader reader_;
    std::uint32_t chunk_size_ = kInitialChunkSize;
    std::uint64_t received_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint32_t window_ = 2'500'000;  // until the peer says otherwise
};

/// What an audio or video message means to the sessions; nothing for messages to skip quietly.
std::optional<std::variant<MediaReceived, UnsupportedMedia>> classify_media(Message message);
/// A data message with @setDataFrame stripped; nothing when it has no name.
std::optional<DataReceived> classify_data(Message message);

}  // namespace tongke::rtmp
