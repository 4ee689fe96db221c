#include "common/rtmp/connection.hpp"

#include <algorithm>

#include "common/base/byte_reader.hpp"
#include "common/base/byte_writer.hpp"
#include "common/media/flv.hpp"

namespace tongke::rtmp {
namespace {

constexpr std::uint8_t kDynamicLimit = 2;

/// Types 15 and 17 carry AMF0 behind one format byte (FFmpeg, Flash Media Live Encoder).
void unwrap_amf3(Message& message) {
    const bool data = message.type == MessageType::data_amf3;
    if (!data && message.type != MessageType::command_amf3) return;
    message.type = data ? MessageType::data_amf0 : MessageType::command_amf0;
    if (!message.payload.empty() && message.payload.front() == 0)
        message.payload.erase(message.payload.begin());
}

}  // namespace

Connection::Connection(Handshake::Role role, std::uint64_t seed) : handshake_(role, seed) {
    if (role == Handshake::Role::client) handshake_.start(output);
}

Error Connection::feed(ByteView input, std::vector<Message>& out) {
    received_ += input.size();
    if (!handshake_.done()) {
        if (const auto error = handshake_.feed(input, output)) return error;
    }
    std::vector<Message> messages;
    const auto error = reader_.feed(input, messages);
    for (auto& message : messages) {
        if (const auto failed = dispatch(std::move(message), out)) return failed;
    }
    acknowledge();
    return error;
}

Error Connection::dispatch(Message message, std::vector<Message>& out) {
    unwrap_amf3(message);
    switch (message.type) {
        case MessageType::user_control: return user_control(std::move(message), out);
        case MessageType::window_size:
        case MessageType::peer_bandwidth: return window(message);
        case MessageType::aggregate: expand_aggregate(message, out); return {};
        case MessageType::audio:
        case MessageType::video:
        case MessageType::data_amf0:
        case MessageType::command_amf0: out.push_back(std::move(message)); return {};
        default: return {};  // acknowledgements, shared objects, unknown types
    }
}

Error Connection::user_control(Message message, std::vector<Message>& out) {
    ByteReader in(message.payload);
    const auto event = static_cast<UserControl>(in.u16());
    if (!in.ok()) return Errc::malformed_control;
    if (event != UserControl::ping && event != UserControl::pong) return {};
    const auto timestamp = in.u32();
    if (!in.ok()) return Errc::malformed_control;
    if (event == UserControl::ping) {
        send_user_control(UserControl::pong, timestamp);
    } else {
        message.timestamp = timestamp;
        out.push_back(std::move(message));
    }
    return {};
}

Error Connection::window(const Message& message) {
    ByteReader in(message.payload);
    const auto size = in.u32();
    if (!in.ok()) return Errc::malformed_control;
    if (message.type == MessageType::window_size) {
        window_ = std::max<std::uint32_t>(size, 1024);
    } else if (size > 0) {
        send_window_size(size);
    }
    return {};
}

// Each part is an FLV tag: type, size, timestamp (24 + 8 bits), stream id, body,
// size again. Timestamps count from the aggregate's own, first part at zero.
void Connection::expand_aggregate(const Message& message, std::vector<Message>& out) {
    ByteReader in(message.payload);
    std::optional<std::uint32_t> first;
    while (in.left() >= 11) {
        const auto type = static_cast<MessageType>(in.u8());
        const auto size = in.u24();
        const auto low = in.u24();
        const std::uint32_t timestamp = static_cast<std::uint32_t>(in.u8()) << 24 | low;
        in.u24();
        const auto body = in.take(size);
        if (!in.ok()) return;
        in.take(std::min<std::size_t>(4, in.left()));
        if (!first) first = timestamp;
        Message part{type, message.timestamp + (timestamp - *first), message.stream_id,
                     Bytes(body.begin(), body.end())};
        unwrap_amf3(part);
        const bool media = part.type == MessageType::audio || part.type == MessageType::video;
        if (media || part.type == MessageType::data_amf0) out.push_back(std::move(part));
    }
}

void Connection::acknowledge() {
    if (!handshake_.done() || received_ - acknowledged_ < window_) return;
    acknowledged_ = received_;
    Bytes payload;
    ByteWriter(payload).u32(static_cast<std::uint32_t>(received_));  // wraps at 4 GiB, as peers expect
    send_control(MessageType::acknowledgement, payload);
}

void Connection::send_control(MessageType type, ByteView payload) {
    send({kControlChunkStream, type, 0, 0}, payload);
}

void Connection::send_window_size(std::uint32_t bytes) {
    Bytes payload;
    ByteWriter(payload).u32(bytes);
    send_control(MessageType::window_size, payload);
}

void Connection::send_peer_bandwidth(std::uint32_t bytes) {
    Bytes payload;
    ByteWriter(payload).u32(bytes);
    payload.push_back(kDynamicLimit);
    send_control(MessageType::peer_bandwidth, payload);
}

void Connection::send_chunk_size(std::uint32_t size) {
    Bytes payload;
    ByteWriter(payload).u32(size);
    send_control(MessageType::set_chunk_size, payload);
    chunk_size_ = size;
}

void Connection::send_user_control(UserControl event, std::uint32_t value,
                                   std::optional<std::uint32_t> second) {
    Bytes payload;
    ByteWriter out(payload);
    out.u16(static_cast<std::uint16_t>(event));
    out.u32(value);
    if (second) out.u32(*second);
    send_control(MessageType::user_control, payload);
}

void Connection::send_command(const std::vector<amf0::Value>& values, std::uint32_t stream_id,
                              std::uint32_t chunk_stream) {
    send({chunk_stream, MessageType::command_amf0, 0, stream_id}, amf0::encode_all(values));
}

void Connection::send_status(std::string_view level, std::string_view code, std::string_view description,
                             std::vector<amf0::Property> extra) {
    amf0::Object info{{{"level", std::string(level)},
                       {"code", std::string(code)},
                       {"description", std::string(description)}},
                      {}};
    std::move(extra.begin(), extra.end(), std::back_inserter(info.properties));
    send_command({"onStatus", 0.0, amf0::Null{}, std::move(info)}, kMediaStreamId, kStatusChunkStream);
}

std::optional<std::variant<MediaReceived, UnsupportedMedia>> classify_media(Message message) {
    using Outcome = std::variant<MediaReceived, UnsupportedMedia>;
    const auto kind = message.type == MessageType::video ? TrackKind::video : TrackKind::audio;
    if (message.payload.empty()) return std::nullopt;
    const auto parsed = flv::classify(kind, message.payload);
    if (parsed == flv::Errc::unsupported_codec) {
        return Outcome{UnsupportedMedia{kind, flv::codec_name(kind, message.payload)}};
    }
    if (!parsed || *parsed == flv::Packet::ignorable) return std::nullopt;
    flv::to_classic(kind, message.payload);
    return Outcome{MediaReceived{kind, message.timestamp, std::move(message.payload)}};
}

std::optional<DataReceived> classify_data(Message message) {
    ByteReader in(message.payload);
    auto name = amf0::decode(in);
    if (!name || !name->text()) return std::nullopt;
    if (*name->text() == "@setDataFrame") {
        message.payload.erase(message.payload.begin(),
                              message.payload.begin() + static_cast<std::ptrdiff_t>(in.position()));
        ByteReader inner(message.payload);
        name = amf0::decode(inner);
        if (!name || !name->text()) return std::nullopt;
    }
    return DataReceived{message.timestamp, *name->text(), std::move(message.payload)};
}

}  // namespace tongke::rtmp
