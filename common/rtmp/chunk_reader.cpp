#include "common/rtmp/chunk_reader.hpp"

#include <algorithm>

#include "common/base/byte_reader.hpp"

namespace tongke::rtmp {
namespace {

constexpr std::uint32_t kExtended = 0xFFFFFF;
constexpr std::size_t kLongestHeader = 3 + 11 + 4;
constexpr std::size_t kFirstReserve = 64u << 10;  // a length is a claim; the body grows as bytes come

std::uint32_t read_chunk_stream(ByteReader& in, std::uint8_t low) {
    if (low == 0) return 64u + in.u8();
    if (low != 1) return low;
    const std::uint32_t first = in.u8();
    return 64u + first + 256u * in.u8();
}

}  // namespace

Error ChunkReader::feed(ByteView input, std::vector<Message>& out) {
    while (!input.empty()) {
        const auto error = current_ ? take_payload(input, out) : take_header(input, out);
        if (error) return error;
    }
    return {};
}

Error ChunkReader::take_header(ByteView& input, std::vector<Message>& out) {
    const auto held = pending_.size();
    const auto added = std::min(kLongestHeader - held, input.size());
    if (held > 0)
        pending_.insert(pending_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(added));
    const auto header = parse_header(held > 0 ? ByteView{pending_} : input);
    if (header.size == 0) {
        if (held == 0) pending_.assign(input.begin(), input.end());
        input = input.subspan(held > 0 ? added : input.size());
        return {};
    }
    if (header.size >= held) {
        input = input.subspan(header.size - held);
        pending_.clear();
        return apply(header, out);
    }
    // Bytes held back as a possible extended timestamp turned out to be payload.
    const Bytes payload(pending_.begin() + static_cast<std::ptrdiff_t>(header.size),
                        pending_.begin() + static_cast<std::ptrdiff_t>(held));
    pending_.clear();
    if (const auto error = apply(header, out)) return error;
    return feed(payload, out);
}

ChunkReader::Header ChunkReader::parse_header(ByteView bytes) const {
    ByteReader in(bytes);
    Header header;
    const auto first = in.u8();
    header.format = first >> 6;
    header.chunk_stream = read_chunk_stream(in, first & 0x3F);
    if (header.format < 3) {
        header.field = in.u24();
        if (header.format < 2) {
            header.length = in.u24();
            header.type = in.u8();
        }
        if (header.format == 0) header.stream_id = in.u32_little_endian();
        header.extended = header.field == kExtended;
        if (header.extended) header.field = in.u32();
        header.size = in.ok() ? in.position() : 0;
        return header;
    }
    if (!in.ok()) return header;
    header.size = in.position();
    const auto it = streams_.find(header.chunk_stream);
    if (it != streams_.end() && it->second.extended)
        parse_repeated(bytes.subspan(header.size), it->second, header);
    return header;
}

void ChunkReader::parse_repeated(ByteView rest, const ChunkStream& stream, Header& header) const {
    header.repeats = stream.repeats;
    if (stream.repeats == Repeats::no) return;
    const auto seen = std::min<std::size_t>(rest.size(), 4);
    if (stream.repeats == Repeats::unknown) {
        for (std::size_t i = 0; i < seen; ++i) {
            if (rest[i] == static_cast<std::uint8_t>(stream.field >> (24 - 8 * i))) continue;
            header.repeats = Repeats::no;
            return;
        }
    }
    header.repeats = Repeats::yes;
    header.size = seen == 4 ? header.size + 4 : 0;
}

Error ChunkReader::apply(const Header& header, std::vector<Message>& out) {
    auto it = streams_.find(header.chunk_stream);
    if (it == streams_.end()) {
        if (header.format == 3) return Errc::chunk_without_header;
        if (streams_.size() >= kMaxChunkStreams) return Errc::too_many_chunk_streams;
        it = streams_.try_emplace(header.chunk_stream).first;
    }
    auto& stream = it->second;
    if (header.format == 3 && stream.extended) stream.repeats = header.repeats;
    if (header.format < 3 || !stream.open) {
        if (const auto error = begin_message(stream, header)) return error;
    }
    chunk_left_ = std::min<std::size_t>(chunk_size_, stream.length - stream.body.size());
    if (chunk_left_ == 0) return finish(stream, out);
    current_ = &stream;
    return {};
}

Error ChunkReader::begin_message(ChunkStream& stream, const Header& header) {
    // Types 1 and 2 without a type 0 before them are sent by some encoders on a
    // fresh chunk stream; they count from zero. A type 2 alone has no length.
    if (header.format == 2 && !stream.known) return Errc::chunk_without_header;
    drop_body(stream);
    stream.known = true;
    stream.open = true;
    if (header.format == 0) {
        stream.stream_id = header.stream_id;
        stream.timestamp = 0;
    }
    if (header.format < 2) {
        stream.length = header.length;
        stream.type = static_cast<MessageType>(header.type);
    }
    if (header.format < 3) {
        stream.field = header.field;
        stream.extended = header.extended;
    }
    stream.timestamp += stream.field;
    if (stream.length > kMaxMessageBytes) return Errc::message_too_long;
    stream.body.reserve(std::min<std::size_t>(stream.length, kFirstReserve));
    return {};
}

Error ChunkReader::take_payload(ByteView& input, std::vector<Message>& out) {
    auto& stream = *current_;
    const auto part = input.first(std::min(chunk_left_, input.size()));
    stream.body.insert(stream.body.end(), part.begin(), part.end());
    input = input.subspan(part.size());
    chunk_left_ -= part.size();
    in_flight_ += part.size();
    if (in_flight_ > in_flight_limit_) return Errc::too_much_in_flight;
    if (chunk_left_ > 0) return {};
    current_ = nullptr;
    return stream.body.size() == stream.length ? finish(stream, out) : Error{};
}

Error ChunkReader::finish(ChunkStream& stream, std::vector<Message>& out) {
    in_flight_ -= stream.body.size();
    Message message{stream.type, stream.timestamp, stream.stream_id, std::move(stream.body)};
    stream.body = {};
    stream.open = false;
    if (message.type == MessageType::set_chunk_size || message.type == MessageType::abort)
        return control(message);
    out.push_back(std::move(message));
    return {};
}

Error ChunkReader::control(const Message& message) {
    ByteReader in(message.payload);
    const auto value = in.u32();
    if (!in.ok()) return Errc::malformed_control;
    if (message.type == MessageType::abort) {
        if (const auto it = streams_.find(value); it != streams_.end()) drop_body(it->second);
        return {};
    }
    if (value == 0 || value >> 31) return Errc::bad_chunk_size;
    chunk_size_ = std::min(value, kExtended);  // no message is longer, so more means the same
    return {};
}

void ChunkReader::drop_body(ChunkStream& stream) {
    in_flight_ -= stream.body.size();
    Bytes{}.swap(stream.body);  // assigning {} would keep the memory, which nothing counts any more
    stream.open = false;
}

}  // namespace tongke::rtmp
