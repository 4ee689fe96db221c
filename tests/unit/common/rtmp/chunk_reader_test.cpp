#include "common/rtmp/chunk_reader.hpp"

#include "common/rtmp/wire.hpp"
#include "tests/golden/rtmp/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::rtmp;
using golden::hex;

namespace {

void check_equal(const std::vector<Message>& got, const std::vector<Message>& wanted) {
    REQUIRE(got.size() == wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        CHECK(got[i].type == wanted[i].type);
        CHECK(got[i].timestamp == wanted[i].timestamp);
        CHECK(got[i].stream_id == wanted[i].stream_id);
        CHECK(got[i].payload == wanted[i].payload);
    }
}

Error error_of(std::string_view text) {
    ChunkReader reader;
    std::vector<Message> out;
    return reader.feed(hex(text), out);
}

}  // namespace

TEST_CASE("every golden chunk stream gives its messages") {
    for (const auto& row : golden::chunk_vectors()) {
        INFO(row.name);
        ChunkReader reader;
        std::vector<Message> out;
        CHECK_FALSE(reader.feed(row.bytes, out));
        check_equal(out, row.messages);
    }
}

TEST_CASE("the same messages come out however the bytes are cut") {
    for (const auto& row : golden::chunk_vectors()) {
        for (const std::size_t step : {1u, 2u, 3u, 7u}) {
            INFO(row.name << " in pieces of " << step);
            ChunkReader reader;
            std::vector<Message> out;
            for (std::size_t at = 0; at < row.bytes.size(); at += step) {
                const auto size = std::min(step, row.bytes.size() - at);
                REQUIRE_FALSE(reader.feed(ByteView{row.bytes}.subspan(at, size), out));
            }
            check_equal(out, row.messages);
        }
    }
}

TEST_CASE("the writer makes the golden bytes and says their size before") {
    for (const auto& row : golden::chunk_vectors()) {
        if (row.canonical_chunk_stream == 0) continue;
        INFO(row.name);
        const auto& m = row.messages.front();
        const WireHeader header{row.canonical_chunk_stream, m.type, m.timestamp, m.stream_id};
        Bytes out;
        append_message(out, header, m.payload, kInitialChunkSize);
        CHECK(out == row.bytes);
        CHECK(wire_size(header, m.payload.size(), kInitialChunkSize) == row.bytes.size());
    }
}

TEST_CASE("timestamps are exact across each awkward boundary") {
    for (const std::uint32_t start : {0x00FFFF00u, 0x7FFFFF00u, 0xFFFFFF00u}) {
        ChunkReader reader;
        std::vector<Message> out;
        Bytes wire;
        const Bytes payload(300, 0x17);
        for (std::uint32_t i = 0; i < 32; ++i) {
            append_message(wire, media_header(MessageType::video, std::int64_t{start} + i * 40), payload,
                           128);
        }
        REQUIRE_FALSE(reader.feed(wire, out));
        REQUIRE(out.size() == 32);
        for (std::uint32_t i = 0; i < 32; ++i) {
            CHECK(out[i].timestamp == start + i * 40);
            CHECK(out[i].payload == payload);
        }
    }
}

TEST_CASE("chunk sizes of zero and with the top bit are refused") {
    CHECK(error_of("02 000000 000004 01 00000000 00000000") == Errc::bad_chunk_size);
    CHECK(error_of("02 000000 000004 01 00000000 80000001") == Errc::bad_chunk_size);
    CHECK_FALSE(error_of("02 000000 000004 01 00000000 7fffffff"));
}

TEST_CASE("a control message that is too short is refused") {
    CHECK(error_of("02 000000 000003 01 00000000 000001") == Errc::malformed_control);
    CHECK(error_of("02 000000 000000 02 00000000") == Errc::malformed_control);
}

TEST_CASE("a message longer than 8 MiB is refused by its header alone") {
    CHECK(error_of("04 000000 800001 08 01000000") == Errc::message_too_long);
    CHECK_FALSE(error_of("04 000000 800000 08 01000000"));
}

TEST_CASE("a chunk that leans on a header never sent is refused") {
    CHECK(error_of("c4") == Errc::chunk_without_header);
    CHECK(error_of("84 000017") == Errc::chunk_without_header);
}

TEST_CASE("unfinished messages are bounded in number and in sum") {
    ChunkReader many;
    std::vector<Message> out;
    Error error;
    for (std::uint32_t id = 3; id < 100 && !error; ++id) {
        const WireHeader header{id, MessageType::audio, 0, 1};
        Bytes wire;
        append_message(wire, header, Bytes(200), 128);
        wire.resize((id < 64 ? 12 : 13) + 128);  // the first chunk only
        error = many.feed(wire, out);
    }
    CHECK(error == Errc::too_many_chunk_streams);

    ChunkReader large;
    REQUIRE_FALSE(large.feed(hex("02 000000 000004 01 00000000 007fffff"), out));
    error = {};
    int streams = 0;
    for (; streams < 4 && !error; ++streams) {
        Bytes wire;
        append_message(wire, {4u + static_cast<std::uint32_t>(streams), MessageType::audio, 0, 1},
                       Bytes(8u << 20), 0x7FFFFF);
        wire.resize(12 + 0x7FFFFF);  // the first chunk only
        error = large.feed(wire, out);
    }
    CHECK(error == Errc::too_much_in_flight);
    CHECK(streams == 3);
}

TEST_CASE("a new header on an open chunk stream drops the unfinished message") {
    ChunkReader reader;
    std::vector<Message> out;
    REQUIRE_FALSE(
        reader.feed(hex("06 000007 000081 09 01000000 [17*128] 06 000009 000001 09 01000000 27"), out));
    REQUIRE(out.size() == 1);
    CHECK(out[0].timestamp == 9);
}
