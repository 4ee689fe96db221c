#include "common/rtmp/data_message.hpp"
#include "tests/unit/relay/stream/log_fixture.hpp"

using namespace tongke;
using namespace tongke::relay;

TEST_CASE("a reader from the newest keyframe gets every frame of the group, whole and in order") {
    LogFixture f;
    f.add_gop(10);
    f.add_gop(10);
    const auto* keyframe = f.log.newest_keyframe();
    REQUIRE(keyframe);
    CHECK(keyframe->number == 1010);
    WireCursor cursor(keyframe->begin);
    CHECK(frames_of(drain(cursor, f.log)) == range(1010, 1019));
}

TEST_CASE("a frame never straddles two blocks, and frames larger than a block have one of their own") {
    LogFixture f({}, 1000);
    f.add(true, 700);
    f.add(false, 700);
    f.add(false, 5000);
    f.add(false, 10);
    for (auto position = f.log.begin(); position < f.log.end();) {
        const auto* entry = f.log.entry_at(position);
        REQUIRE(entry);
        CHECK(f.log.bytes_at(entry->begin, entry->end).size() == entry->end - entry->begin);
        position = entry->end;
    }
    WireCursor cursor(f.log.begin());
    CHECK(frames_of(drain(cursor, f.log)) == range(1000, 1003));
}

TEST_CASE("the segment's announcement goes before its keyframe, with the keyframe's timestamp") {
    LogFixture f;
    f.add_gop(2);
    WireCursor cursor(f.log.begin());
    const auto messages = drain(cursor, f.log);
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].type == rtmp::MessageType::data_amf0);
    const auto opening = rtmp::parse_segment(messages[0].payload);
    REQUIRE(opening);
    CHECK(opening->mark.run == "abc");
    CHECK(opening->mark.msn == 1000);
    CHECK(opening->timeline_ms == 40);
    CHECK(messages[0].timestamp == messages[1].timestamp);
}

TEST_CASE("changed decoder parameters are in the log before the first frame that needs them") {
    LogFixture f;
    f.add_gop(2);
    f.setup = std::make_shared<StreamSetup>(StreamSetup{test::video_track(1), f.setup->audio});
    f.add(true);
    WireCursor cursor(f.log.newest_keyframe()->begin);
    const auto messages = drain(cursor, f.log);
    REQUIRE(messages.size() == 4);  // metadata, header, segment, frame
    CHECK(messages[1].payload == test::video_header_tag(1));
    CHECK(messages[3].payload[1] == 1);
    // ffmpeg takes metadata with a time for a track of subtitles, and a recorder waits for it.
    CHECK(messages[0].timestamp == 0);
    CHECK(messages[1].timestamp == messages[3].timestamp);
}

TEST_CASE("the log keeps its span of time and no more") {
    LogFixture f({1000, 1 << 20});
    f.add_gop(100);
    f.log.trim();
    CHECK(f.log.back().dts_ms - f.log.front().dts_ms == 1000);
    CHECK(f.log.size() == 26);
}

TEST_CASE("the log keeps its bytes and no more, keyframes or not") {
    LogFixture f({1'000'000, 50'000});
    f.add(true);
    for (int i = 0; i < 1000; ++i) {
        f.add(false, 1000);
        f.log.trim();
        REQUIRE(f.log.end() - f.log.begin() <= 50'000);
    }
    CHECK(f.log.newest_keyframe() == nullptr);
}

TEST_CASE("blocks go when the log has moved past them") {
    const auto before = WireBlock::alive();
    LogFixture f({1'000'000, 50'000}, 10'000);
    for (int i = 0; i < 500; ++i) {
        f.add(i % 50 == 0, 1000);
        f.log.trim();
    }
    CHECK(WireBlock::alive() - before <= 8);
}

TEST_CASE("a position after a frame is known while the next one is held") {
    LogFixture f({400, 1 << 20});
    f.add_gop(100);
    f.log.trim();
    const auto first = f.log.front().number;
    CHECK(f.log.position_after(first - 2) == std::nullopt);
    CHECK(f.log.position_after(first - 1) == f.log.begin());
    CHECK(f.log.position_after(first) == f.log.front().end);
    CHECK(f.log.position_after(f.log.back().number) == f.log.end());
    CHECK(f.log.position_after(f.log.back().number + 1) == std::nullopt);
}
