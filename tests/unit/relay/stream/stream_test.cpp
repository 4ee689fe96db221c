#include "relay/stream/stream.hpp"

#include "common/hls/packager.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"
#include "tests/unit/relay/stream/stream_stage.hpp"

using namespace tongke;
using namespace tongke::relay;

TEST_CASE("frames are numbered from unix_ms x 256 and segments open at keyframes, with their wall time") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    const auto begin = unix_ms(s.clock.wall());
    s.play(s.stream().begin({}, {}).id, 250);
    REQUIRE(s.frames.all.size() == 500);
    CHECK(s.frames.all.front()->number == begin * 256);
    for (std::size_t i = 1; i < 500; ++i) REQUIRE(s.frames.all[i]->number == s.frames.all[i - 1]->number + 1);
    const auto marks = s.marks();
    REQUIRE(marks.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(marks[i].msn == static_cast<std::int64_t>(i));
        CHECK(marks[i].pdt_ms == begin + static_cast<std::int64_t>(i) * 2000);
        CHECK_FALSE(marks[i].discontinuity);
    }
    CHECK(s.stream().target_duration() == 2);
}

TEST_CASE("frames that came together are there without waiting for the next, each once and in order") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    const auto id = s.stream().begin({}, {}).id;
    s.play(id, 1);
    std::vector<IngestFrame> together;
    for (int i = 0; i < 3; ++i, s.timestamp += 40)
        for (auto& frame : s.picture_and_sound(false)) together.push_back(std::move(frame));
    s.clock.advance(120ms);
    s.stream().append(id, together);
    s.run();
    REQUIRE(s.frames.all.size() == 8);
    for (std::size_t i = 1; i < 8; ++i) CHECK(s.frames.all[i]->number == s.frames.all[i - 1]->number + 1);
    // And one alone goes on by itself afterwards.
    s.clock.advance(40ms);
    s.stream().append(id, s.picture_and_sound(false).front());
    s.run();
    CHECK(s.frames.all.size() == 9);
}

TEST_CASE("what waits for merge_ms goes on when nothing follows it") {
    test::TemporaryDir dir;
    StreamOptions options;
    options.merge_ms = 1000;
    Stage s(dir.path(), options);
    const auto id = s.stream().begin({}, {}).id;
    s.picture(id, true);
    s.run();
    s.clock.advance(40ms);
    s.timestamp += 40;
    s.picture(id, false);
    s.run();
    REQUIRE(s.frames.all.size() == 1);
    SECTION("the publisher falls silent") {
        for (int i = 0; i < 2; ++i) s.stream().tick();
    }
    SECTION("the publisher goes") { s.stream().end(id); }
    s.run();
    CHECK(s.frames.all.size() == 4);
}

TEST_CASE("only changed bytes are a change of parameters") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    const auto id = s.stream().begin({}, {}).id;
    s.play(id, 100);
    s.video = test::video_track();  // the same bytes in a new object
    s.play(id, 100);
    for (const auto& mark : s.marks()) CHECK_FALSE(mark.discontinuity);
    const auto before = s.marks().size();
    s.video = test::video_track(1);
    s.play(id, 100);
    REQUIRE(s.marks().size() > before);
    CHECK(s.marks()[before].discontinuity);
    CHECK_FALSE(s.marks().back().discontinuity);
}

TEST_CASE("sound that joins a picture is one discontinuity, and so is a picture that joins sound") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    const auto id = s.stream().begin({}, {}).id;
    const auto first = GENERATE(0u, 1u);
    const auto joins_at = GENERATE(10, 75, 125);  // in the first segment, and later
    for (int i = 0; i < 300; ++i, s.clock.advance(40ms), s.timestamp += 40) {
        auto both = s.picture_and_sound(i % 50 == 0);
        s.stream().append(id, std::move(both[first]));
        if (i >= joins_at) s.stream().append(id, std::move(both[1 - first]));
    }
    s.stream().flush();
    s.run();
    int discontinuities = 0, segments = 0;
    hls::Packager packager{[&](const hls::SharedSegment& segment) {
        discontinuities += segment->discontinuity;
        ++segments;
    }};
    for (const auto& frame : s.frames.all) packager.on_frame(frame);
    packager.finish();
    CAPTURE(first, joins_at);
    CHECK(segments >= 5);
    CHECK(discontinuities == (joins_at == 10 ? 0 : 1));
}

TEST_CASE("after a restart numbers and segments go on above, in a new run, with a discontinuity") {
    test::TemporaryDir dir;
    std::int64_t last_number = 0;
    SegmentMark last;
    {
        Stage s(dir.path());
        s.play(s.stream().begin({}, {}).id, 500);
        last_number = s.frames.all.back()->number;
        last = s.marks().back();
    }
    Stage again(dir.path());
    again.clock.advance(60s);
    again.play(again.stream().begin({}, {}).id, 100);
    CHECK(again.frames.all.front()->number > last_number);
    CHECK(again.marks().front().msn > last.msn);
    CHECK(again.marks().front().run != last.run);
    CHECK(again.marks().front().discontinuity);
    CHECK(again.stream().target_duration() == 2);
}

TEST_CASE("what the API says of a stream is what came in") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    PublisherInfo who;
    who.address = "192.0.2.7";
    s.play(s.stream().begin(who, {}).id, 200);
    const auto info = s.stream().info();
    CHECK(info.live);
    CHECK(info.publisher->address == "192.0.2.7");
    CHECK(info.video_codec == "avc1.64001f");
    CHECK(info.audio_codec == "mp4a.40.2");
    CHECK(info.width == 1280);
    CHECK(info.fps == Approx(25).margin(0.1));
    CHECK(info.keyframe_interval_s == Approx(2));
    CHECK(info.log_span_s == Approx(199 * 0.04));
    CHECK(info.last_frame - info.first_frame == 399);
    CHECK(info.advisories.empty());
}
