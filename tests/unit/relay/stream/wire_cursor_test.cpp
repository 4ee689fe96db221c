#include "common/rtmp/data_message.hpp"
#include "tests/unit/relay/stream/log_fixture.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

Bytes ping() {
    Bytes bytes;
    rtmp::append_message(bytes, {2, rtmp::MessageType::user_control, 0, 0}, Bytes{0, 6, 0, 0, 0, 9});
    return bytes;
}

}  // namespace

TEST_CASE("a resumed reader gets every frame once, wherever it broke off") {
    LogFixture f;
    f.add_gop(20);
    for (std::int64_t last = 1000; last < 1019; ++last) {
        WireCursor cursor(*f.log.position_after(last));
        CHECK(frames_of(drain(cursor, f.log)) == range(last + 1, 1019));
    }
}

TEST_CASE("own bytes go in at a frame's edge only, however small the pieces") {
    LogFixture f;
    f.add_gop(5, 300);
    for (std::size_t piece : {1, 7, 64, 333}) {
        WireCursor cursor(f.log.begin());
        cursor.consume(f.log, 50);  // in the middle of the first frame
        cursor.interleave(ping());
        WireCursor whole(f.log.begin());
        const auto head = f.log.bytes_at(f.log.begin(), f.log.begin() + 50);
        rtmp::ChunkReader reader;
        std::vector<rtmp::Message> messages;
        REQUIRE(!reader.feed(Bytes{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0x10, 0, 0}, messages));
        REQUIRE(!reader.feed(head, messages));
        for (auto bytes = cursor.peek(f.log); !bytes.empty(); bytes = cursor.peek(f.log)) {
            const auto part = bytes.first(std::min(piece, bytes.size()));
            REQUIRE(!reader.feed(part, messages));
            cursor.consume(f.log, part.size());
        }
        CHECK(frames_of(messages) == range(1000, 1004));
        REQUIRE(messages.size() == 7);
        CHECK(messages[2].type == rtmp::MessageType::user_control);
        CHECK(cursor.own_bytes() == 0);
    }
}

TEST_CASE("own bytes that come while others of them are being sent follow those") {
    LogFixture f;
    f.add_gop(3);
    WireCursor cursor(f.log.begin());
    rtmp::ChunkReader reader;
    std::vector<rtmp::Message> messages;
    cursor.interleave(ping());
    for (int i = 0; i < 20; ++i) {
        const auto part = cursor.peek(f.log).first(11);
        REQUIRE(!reader.feed(part, messages));
        cursor.consume(f.log, part.size());
        cursor.interleave(ping());
    }
    CHECK(cursor.own_bytes() == 21 * ping().size() - 20 * 11);
    while (cursor.own_bytes() > 0) {
        const auto part = cursor.peek(f.log);
        REQUIRE(!reader.feed(part, messages));
        cursor.consume(f.log, part.size());
    }
    CHECK(messages.size() == 21);
    CHECK(frames_of(drain(cursor, f.log)) == range(1000, 1002));
}

TEST_CASE("a reader over its bound goes to the newest keyframe and is told so") {
    LogFixture f;
    f.add_gop(50, 1000);
    WireCursor cursor(f.log.begin());
    CHECK(cursor.jump_if_behind(f.log, 10'000) == 0);  // joined with as much to catch up
    for (int i = 0; i < 3; ++i) f.add_gop(50, 1000);
    CHECK(cursor.jump_if_behind(f.log, 10'000) == 150);
    const auto messages = drain(cursor, f.log);
    const auto jump = rtmp::parse_jump(messages.at(0).payload);
    REQUIRE(jump);
    CHECK(jump->first_frame == 1150);
    CHECK(frames_of(messages) == range(1150, 1199));
}

TEST_CASE("a jump from the middle of a frame ends that frame first") {
    LogFixture f;
    f.add_gop(10, 1000);
    WireCursor cursor(f.log.begin());
    (void)cursor.jump_if_behind(f.log, 5000);
    const auto head = cursor.peek(f.log).first(500);
    rtmp::ChunkReader reader;
    std::vector<rtmp::Message> messages;
    REQUIRE(!reader.feed(Bytes{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0x10, 0, 0}, messages));
    REQUIRE(!reader.feed(head, messages));
    cursor.consume(f.log, head.size());
    f.add_gop(10, 1000);
    f.add_gop(10, 1000);
    CHECK(cursor.jump_if_behind(f.log, 5000) == 19);
    f.log.trim();
    for (auto bytes = cursor.peek(f.log); !bytes.empty(); bytes = cursor.peek(f.log)) {
        REQUIRE(!reader.feed(bytes, messages));
        cursor.consume(f.log, bytes.size());
    }
    auto expected = range(1020, 1029);
    expected.insert(expected.begin(), 1000);
    CHECK(frames_of(messages) == expected);
}

TEST_CASE("a reader that the log is about to drop goes on at the newest keyframe") {
    LogFixture f({1000, 1u << 20});
    f.add_gop(10);
    WireCursor cursor(f.log.begin());
    for (int i = 0; i < 4; ++i) f.add_gop(10);
    CHECK(cursor.jump_if_behind(f.log, 1u << 30) == 40);
    f.log.trim();
    CHECK(frames_of(drain(cursor, f.log)) == range(1040, 1049));
}

TEST_CASE("a reader of sound alone that the log is about to drop goes on at the newest frame") {
    const bool mid_frame = GENERATE(false, true);
    LogFixture f({1000, 1u << 20});
    f.add_gop(2);
    WireCursor cursor(*f.log.position_after(1001));
    for (int i = 0; i < 100; ++i) {
        f.add(false);  // no keyframe comes any more
        if (i == 5 && mid_frame) cursor.consume(f.log, 20);
        const auto left_out = cursor.jump_if_behind(f.log, 1u << 30);
        if (left_out > 0) CHECK(left_out >= 24);
        f.log.trim();
        CHECK_FALSE(cursor.peek(f.log).empty());
    }
    const auto before = cursor.position();
    while (!cursor.peek(f.log).empty()) cursor.consume(f.log, cursor.peek(f.log).size());
    CHECK(cursor.position() > before);
    CHECK(cursor.unsent(f.log) == 0);
}

TEST_CASE("a jump over changed decoder parameters brings the new ones along") {
    LogFixture f;
    f.add_gop(10, 1000);
    WireCursor cursor(f.log.begin());
    (void)cursor.jump_if_behind(f.log, 1000);
    f.setup = std::make_shared<StreamSetup>(StreamSetup{test::video_track(1), f.setup->audio});
    f.add_gop(10, 1000);
    f.add_gop(10, 1000);
    REQUIRE(cursor.jump_if_behind(f.log, 1000) > 0);
    const auto messages = drain(cursor, f.log);
    REQUIRE(messages.size() > 3);
    CHECK(messages[2].payload == test::video_header_tag(1));
}

TEST_CASE("a resuming reader may be far behind while it catches up, and not after") {
    LogFixture f;
    for (int i = 0; i < 10; ++i) f.add_gop(10, 1000);
    WireCursor cursor(f.log.begin());
    CHECK(cursor.jump_if_behind(f.log, 5000) == 0);
    while (cursor.unsent(f.log) > 0) {
        cursor.consume(f.log, cursor.peek(f.log).size());
        CHECK(cursor.jump_if_behind(f.log, 5000) == 0);
    }
    f.add_gop(10, 1000);
    f.add_gop(10, 1000);
    CHECK(cursor.jump_if_behind(f.log, 5000) > 0);
}

TEST_CASE("a reader ahead of the newest keyframe does not jump back") {
    LogFixture f;
    f.add_gop(50, 1000);
    WireCursor cursor(*f.log.position_after(1010));
    (void)cursor.jump_if_behind(f.log, 1);
    for (int i = 0; i < 100; ++i) f.add(false, 1000);
    CHECK(cursor.jump_if_behind(f.log, 1) == 0);
}
