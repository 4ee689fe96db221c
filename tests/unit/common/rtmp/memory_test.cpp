// What a connection keeps. Read from the allocator, so not under a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>

#include <memory>

#include "common/rtmp/chunk_reader.hpp"
#include "common/rtmp/handshake.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::rtmp;

namespace {

std::size_t allocated() {
    const auto now = mallinfo2();
    return now.uordblks + now.hblkhd;
}

void append(Bytes& out, std::uint64_t value, int width) {
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace

TEST_CASE("a handshake that is over keeps nothing") {
    constexpr std::size_t kMany = 200;
    std::vector<std::unique_ptr<Handshake>> all;
    all.reserve(kMany);
    const auto before = allocated();
    for (std::size_t i = 0; i < kMany; ++i) {
        all.push_back(std::make_unique<Handshake>(Handshake::Role::server, i));
        Bytes in(1 + 1536 + 1536, 3), out;
        ByteView rest{in};
        REQUIRE_FALSE(all.back()->feed(rest, out));
        REQUIRE(all.back()->done());
    }
    CHECK(allocated() - before < kMany * 200);
}

TEST_CASE("a message that its sender aborts keeps nothing") {
    constexpr std::size_t kChunk = 1u << 20;
    ChunkReader reader;
    std::vector<Message> messages;
    const auto control = [&](std::uint8_t type, std::uint32_t value) {
        Bytes bytes{2, 0, 0, 0, 0, 0, 4, type, 0, 0, 0, 0};
        append(bytes, value, 4);
        REQUIRE_FALSE(reader.feed(bytes, messages));
    };
    control(1, kChunk);
    const auto before = allocated();
    for (std::uint8_t stream = 3; stream < 35; ++stream) {
        Bytes begun{stream, 0, 0, 0};
        append(begun, 3 * kChunk, 3);
        begun.insert(begun.end(), {9, 1, 0, 0, 0});
        begun.resize(begun.size() + kChunk);
        begun.push_back(static_cast<std::uint8_t>(0xC0 | stream));
        begun.resize(begun.size() + kChunk);
        REQUIRE_FALSE(reader.feed(begun, messages));
        control(2, stream);
    }
    CHECK(allocated() - before < 4 * kChunk);
    CHECK(messages.empty());
}
#endif
