// What a stream does while its publisher is away, and when another takes its place.
#include <thread>

#include "common/hls/packager.hpp"
#include "common/media/flv.hpp"
#include "relay/stream/filler.hpp"
#include "relay/stream/stream.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"
#include "tests/unit/relay/stream/stream_stage.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

/// Ten pictures a second, and silence in the source's own parameters.
SharedStill slate(const StreamSetup& source) {
    auto still = std::make_shared<Still>();
    still->video = test::video_track(7);
    for (int i = 0; i < 10; ++i) still->pictures.push_back({share(test::video_tag(i == 0, 0x51)), i == 0, 0});
    still->audio = source.audio;
    still->silence = share(test::audio_tag(0x51));
    return still;
}

StreamOptions with_slate() {
    StreamOptions options;
    options.slate = slate;
    return options;
}

/// The hub makes slates on a thread of its own.
void get_slate(Stage& s) {
    s.stream().tick();
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (s.stream().info().slate == SlateState::none && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
        s.run();
    }
    REQUIRE(s.stream().info().slate == SlateState::ready);
}

/// A publisher that has sent three seconds, and the slate for it.
struct Published : private test::TemporaryDir, Stage {
    explicit Published(const PublisherInfo& who = {}, int pictures = 75, int group = 50)
        : Stage(path(), with_slate()) {
        hub.start();
        first = stream().begin(who, {}).id;
        play(first, pictures, group);
        get_slate(*this);
    }
    PublicationId first = 0;
};

bool is_slate(const SharedFrame& frame) { return test::id_of(frame->kind, *frame->payload) == 0x51; }

}  // namespace

TEST_CASE("a publisher that comes back makes no discontinuity and no hole, however long it was away") {
    for (const auto absence : {300ms, 450ms, 700ms, 1960ms, 3000ms, 12'000ms}) {
        for (const int group : {50, 52, 125}) {
            INFO("away for " << absence.count() << " ms, a keyframe every " << group << " pictures");
            test::TemporaryDir dir;
            Stage s(dir.path(), with_slate());
            s.hub.start();
            const auto first = s.stream().begin({}, {}).id;
            s.play(first, 275, group);
            get_slate(s);
            s.stream().end(first);
            s.clock.advance(absence);
            s.timestamp = 9'000'000;
            s.play(s.stream().begin({}, {}).id, 300, group);
            CHECK(s.discontinuities() == 0);
            CHECK(s.longest_hole_ms(TrackKind::video) <= 440);
            CHECK(s.longest_hole_ms(TrackKind::audio) <= 64);
            const auto limit = s.stream().target_duration() * 1000 + 500;
            const auto marks = s.marks();
            for (std::size_t i = 1; i < marks.size(); ++i) {
                CHECK(marks[i].msn == marks[i - 1].msn + 1);
                CHECK(marks[i].pdt_ms - marks[i - 1].pdt_ms < limit);
            }
            for (const auto& frame : s.frames.all)
                if (frame->opens_segment) CHECK(frame->keyframe);
            CHECK(s.stream().info().advisories.empty());
            const auto span = s.frames.all.back()->dts_ms - s.frames.all.front()->dts_ms;
            CHECK(span == 574 * 40 + absence.count());
            // Media time and wall clock stay together.
            const auto begin = unix_ms(s.clock.wall()) - s.frames.all.back()->dts_ms - 40;
            CHECK(std::abs(marks.front().pdt_ms - begin - s.frames.all.front()->dts_ms) <= 1);
            CHECK(std::abs(marks.back().pdt_ms - marks.front().pdt_ms -
                           (s.opened_at(marks.back()) - s.opened_at(marks.front()))) <= 1);
        }
    }
}

TEST_CASE("where silence is not known a long absence is a discontinuity, a short one is none") {
    for (const auto& [absence, expected] : {std::pair{300ms, 0}, std::pair{5000ms, 1}}) {
        test::TemporaryDir dir;
        Stage s(dir.path());
        const auto first = s.stream().begin({}, {}).id;
        s.play(first, 75);
        s.stream().end(first);
        s.clock.advance(absence);
        s.timestamp = 9'000'000;
        s.play(s.stream().begin({}, {}).id, 100);
        CHECK(s.discontinuities() == expected);
        const auto span = s.frames.all.back()->dts_ms - s.frames.all.front()->dts_ms;
        CHECK(span == 174 * 40 + absence.count());
    }
}

TEST_CASE("the stream is live until nobody came back within the grace") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    const auto id = s.stream().begin({}, {}).id;
    s.play(id, 10);
    CHECK(s.hub.view(0, "main")->live());
    s.stream().end(id);
    s.clock.advance(29s);
    s.stream().tick();
    s.run();
    CHECK(s.hub.view(0, "main")->live());
    s.clock.advance(2s);
    s.stream().tick();
    s.run();
    CHECK_FALSE(s.hub.view(0, "main")->live());
    CHECK(s.frames.ends == 1);
    s.play(s.stream().begin({}, {}).id, 10);
    CHECK(s.hub.view(0, "main")->live());
}

TEST_CASE("a lost publisher's place is filled by the slate, until it is back") {
    Published s;
    const auto first = s.first;
    const auto source_frames = s.frames.all.size();
    s.stream().end(first);
    s.wait(2900ms);
    // 1.5 target durations, counted from the last frame.
    CHECK(s.frames.all.size() == source_frames);
    CHECK(s.stream().info().slate == SlateState::ready);
    s.wait(100ms);
    REQUIRE(s.frames.all.size() > source_frames);
    CHECK(s.stream().info().slate == SlateState::on);
    CHECK(s.stream().info().last_source_frame == s.frames.all[source_frames - 1]->number);
    CHECK(s.stream().info().last_frame > s.stream().info().last_source_frame);
    s.wait(7000ms);
    CHECK(s.stream().info().advisories.size() == 1);
    CHECK(s.stream().info().advisories.front().code == "slate");
    s.timestamp = 9'000'000;
    s.play(s.stream().begin({}, {}).id, 100);
    s.stream().tick();
    CHECK(s.stream().info().slate == SlateState::ready);
    CHECK(s.stream().info().advisories.empty());

    // Its parameters differ, so there is one on either side; and nowhere a hole.
    CHECK(s.discontinuities() == 2);
    CHECK(s.longest_hole_ms(TrackKind::video) <= 140);
    CHECK(s.longest_hole_ms(TrackKind::audio) <= 140);
    for (std::size_t i = 1; i < s.marks().size(); ++i) CHECK(s.marks()[i].msn == s.marks()[i - 1].msn + 1);
    std::size_t shown = 0;
    for (const auto& frame : s.frames.all) {
        if (!is_slate(frame) || frame->kind != TrackKind::video) continue;
        ++shown;
        // As the source: in the frame, and in the bytes that go to RTMP players.
        CHECK(frame->cts_ms == 80);
        CHECK(flv::parse_video_tag(*frame->payload)->cts_ms == 80);
    }
    CHECK(shown == Approx(100).margin(2));
    const auto last = s.marks().back();
    CHECK(std::abs(last.pdt_ms - (unix_ms(s.clock.wall()) - 50 * 40)) <= 1);
}

TEST_CASE("one that connects and sends nothing ends no slate; the grace does") {
    Published s;
    const auto first = s.first;
    s.stream().end(first);
    s.wait(5000ms);
    const auto second = s.stream().begin({}, {}).id;
    const auto before = s.frames.all.size();
    s.wait(5000ms);
    CHECK(s.frames.all.size() > before + 45);
    CHECK(s.stream().info().slate == SlateState::on);
    s.stream().end(second);
    s.wait(30'000ms);
    CHECK(s.stream().info().slate == SlateState::ready);
    CHECK_FALSE(s.stream().info().live);
    CHECK(s.frames.ends == 1);
    const auto ended = s.frames.all.size();
    s.wait(5000ms);
    CHECK(s.frames.all.size() == ended);
    CHECK_FALSE(s.stream().source_away());
}

TEST_CASE("the test channel that goes off the air leaves no slate") {
    PublisherInfo who;
    who.generated = true;
    Published s(who);
    const auto before = s.frames.all.size();
    s.stream().end(s.first);
    s.wait(8000ms);
    CHECK(s.frames.all.size() == before);
}

TEST_CASE("what stands in for a source does not settle the target duration") {
    Published s({}, 25, 1000);
    const auto before = s.frames.all.size();
    s.stream().end(s.first);
    s.wait(8000ms);
    CHECK(s.frames.all.size() == before);
    s.play(s.stream().begin({}, {}).id, 500, 100);
    CHECK(s.stream().target_duration() == 4);
}

TEST_CASE("one that takes the place and sends nothing leaves it to the slate, and the grace ends it") {
    Published s;
    const auto second = s.stream().begin({}, {}).id;  // replaces the first
    s.wait(4000ms);
    CHECK(s.stream().info().slate == SlateState::on);
    s.wait(30'000ms);
    CHECK_FALSE(s.stream().info().live);
    CHECK(s.stream().info().slate == SlateState::ready);
    const auto ended = s.frames.all.size();
    s.clock.advance(3600s);
    s.stream().end(second);
    s.wait(1000ms);
    s.play(s.stream().begin({}, {}).id, 10);
    CHECK(s.frames.all.size() == ended + 20);
}

TEST_CASE("other sound parameters with another picture are one discontinuity") {
    Published s;
    const auto first = s.first;
    s.stream().end(first);
    s.clock.advance(1500ms);
    auto other = *s.audio;
    other.decoder_config = share({0x12, 0x10});
    other.sample_rate = 44'100;
    s.audio = std::make_shared<const TrackDescription>(other);
    s.video = test::video_track(3);
    s.play(s.stream().begin({}, {}).id, 150);
    CHECK(s.discontinuities() == 1);
}

TEST_CASE("other sound parameters alone are one discontinuity, and none of the sound is lost") {
    const bool sound_first = GENERATE(false, true);
    Published s;
    s.stream().end(s.first);
    s.clock.advance(1500ms);
    auto other = *s.audio;
    other.decoder_config = share({0x12, 0x10});
    other.sample_rate = 44'100;
    s.audio = std::make_shared<const TrackDescription>(other);
    const auto again = s.stream().begin({}, {}).id;
    for (int i = 0; i < 150; ++i) {
        auto both = s.picture_and_sound(i % 50 == 0);
        both[0].other_track = s.audio;
        both[1].other_track = s.video;
        // Sound is there from the keyframe on, or three pictures later.
        if (i > 0 && sound_first) std::swap(both[0], both[1]);
        for (auto& frame : both)
            if (sound_first || i >= 3 || frame.kind == TrackKind::video)
                s.stream().append(again, std::move(frame));
        s.clock.advance(40ms);
        s.timestamp += 40;
    }
    s.stream().flush();
    s.run();
    int changes = 0;
    std::uint64_t left_out = 0;
    {
        hls::Packager packager([&](const hls::SharedSegment& segment) { changes += segment->discontinuity; });
        for (const auto& frame : s.frames.all) packager.on_frame(frame);
        left_out = packager.counts().frames_left_out;
    }
    CHECK(changes == 1);
    CHECK(left_out == 0);
}

TEST_CASE("a source that comes back without its sound is heard as silence, for as long as it takes") {
    Published s;
    s.stream().end(s.first);
    s.clock.advance(1500ms);
    const auto again = s.stream().begin({}, {}).id;
    for (int i = 0; i < 750; ++i) {
        s.stream().append(again, s.picture_and_sound(i % 50 == 0).front());
        s.clock.advance(40ms);
        s.timestamp += 40;
    }
    s.play(again, 100);
    CHECK(s.longest_hole_ms(TrackKind::audio) <= 64);
    CHECK(s.discontinuities() == 0);
}

TEST_CASE("sound alone goes on the air where nothing is any more, and the operator is told") {
    Published s;
    s.stream().end(s.first);
    s.wait(40s);
    REQUIRE_FALSE(s.stream().info().live);
    const auto again = s.stream().begin({}, {}).id;
    bool told = false;
    for (int i = 0; i < 300; ++i) {
        s.stream().append(again, s.picture_and_sound(false).back());
        s.clock.advance(40ms);
        s.timestamp += 40;
        if (i % 25 == 24) s.stream().tick();
        for (const auto& advisory : s.stream().info().advisories)
            told = told || advisory.code == "no_picture";
    }
    s.stream().flush();
    s.run();
    CHECK(told);
    CHECK(s.stream().info().live);
    s.play(again, 100);
    CHECK(s.stream().info().live);
    CHECK(s.frames.all.back()->dts_ms - s.frames.all.front()->dts_ms > 40'000);
}

TEST_CASE("seconds of sound before the first picture settle no target duration where a picture was told of") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    s.hub.start();
    const auto id = s.stream().begin({}, {}).id;
    for (int i = 0; i < 100; ++i) {
        auto sound = s.picture_and_sound(false).back();
        sound.other_track = s.video;
        s.stream().append(id, std::move(sound));
        s.clock.advance(40ms);
        s.timestamp += 40;
    }
    s.play(id, 300, 100);
    CHECK(s.stream().target_duration() == 4);
    CHECK(s.discontinuities() == 0);
}

TEST_CASE("a long keyframe interval is told of while it lasts") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    s.hub.start();
    const auto told = [&] {
        s.stream().tick();
        const auto list = s.stream().info().advisories;
        return std::any_of(list.begin(), list.end(),
                           [](const auto& a) { return a.code == "keyframe_interval"; });
    };
    const auto id = s.stream().begin({}, {}).id;
    s.play(id, 100);
    s.play(id, 750, 250);
    CHECK(told());
    s.stream().end(id);
    CHECK_FALSE(told());
}

TEST_CASE("what cannot be shown twice is not held: what returns is a discontinuity") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    s.open_gop = true;
    const auto first = s.stream().begin({}, {}).id;
    s.play(first, 75);
    s.stream().end(first);
    s.clock.advance(2000ms);
    s.play(s.stream().begin({}, {}).id, 100);
    CHECK(s.discontinuities() == 1);
}

TEST_CASE("a frozen primary's place is taken by the backup within 2 s, on one timeline") {
    const bool leaves = GENERATE(false, true);  // or its connection ends
    // How long after the primary's end the backup's next keyframe comes.
    const int first_picture = GENERATE(3, 9, 20, 29, 31, 37, 49);
    test::TemporaryDir dir;
    Stage s(dir.path(), with_slate());
    s.hub.start();
    PublisherInfo second;
    second.backup = true;
    const auto primary = s.stream().begin({}, {}).id;
    s.play(primary, 10);
    const auto backup = s.stream().begin(second, {}).id;
    // Side by side: the backup's clock is its own, and its keyframes come at other moments.
    std::uint32_t primary_clock = s.timestamp, backup_clock = 3'000'000'000;
    int pictures = 10, backup_pictures = first_picture;
    const auto step = [&](bool both) {
        if (both) {
            s.timestamp = primary_clock;
            s.picture(primary, pictures++ % 50 == 0);
        }
        s.timestamp = backup_clock;
        s.picture(backup, backup_pictures++ % 50 == 0);
        s.clock.advance(40ms);
        primary_clock += 40, backup_clock += 40;
        s.run();
    };
    for (int i = 0; i < 120; ++i) step(true);
    get_slate(s);
    const auto before = s.frames.all.size();
    const auto number = s.frames.all.back()->number;
    if (leaves) s.stream().end(primary);
    int waited = 0;
    for (; s.frames.all.size() == before && waited < 100; ++waited) step(false);
    CHECK(waited * 40 <= (leaves ? 40 : 1560));
    for (int i = 0; i < 100; ++i) step(false);

    CHECK(s.stream().info().publisher->backup);
    CHECK(s.discontinuities() == 0);
    CHECK(s.frames.all[before]->number == number + 1);
    std::optional<std::int64_t> dts[2];
    for (const auto& frame : s.frames.all) {
        auto& last = dts[static_cast<std::size_t>(frame->kind)];
        if (last) CHECK(frame->dts_ms > *last);
        last = frame->dts_ms;
    }
    CHECK(s.longest_hole_ms(TrackKind::video) <= 440);
    CHECK(s.longest_hole_ms(TrackKind::audio) <= 64);
    std::optional<std::int64_t> shown;
    for (const auto& frame : s.frames.all) {
        if (frame->opens_segment) CHECK(frame->keyframe);
        if (frame->kind != TrackKind::video) continue;
        if (shown) CHECK(frame->pts_ms() > *shown);
        shown = frame->pts_ms();
    }
    CHECK(s.stream().info().advisories.empty());
    // Media time and wall clock are together: nothing of the squeezed past is left over.
    const auto begin = s.frames.all.front();
    const auto elapsed =
        std::chrono::duration_cast<Milliseconds>(s.clock.now() - begin->arrival).count() - 40;
    CHECK(s.frames.all.back()->dts_ms - begin->dts_ms == elapsed);
    for (std::size_t i = 1; i < s.marks().size(); ++i) {
        CHECK(s.marks()[i].msn == s.marks()[i - 1].msn + 1);
        CHECK(s.marks()[i].pdt_ms - s.marks()[i - 1].pdt_ms < 2500);
    }
    CHECK(s.stream().info().timestamp_repairs == 0);
}

TEST_CASE("a backup that begins the run begins it where its timestamps do") {
    test::TemporaryDir dir;
    Stage s(dir.path());
    s.clock.advance(std::chrono::hours{24 * 60});  // up for two months
    PublisherInfo second;
    second.backup = true;
    const auto primary = s.stream().begin({}, {}).id;
    const auto backup = s.stream().begin(second, {}).id;
    s.timestamp = 5000;
    s.picture(backup, true);
    s.clock.advance(40ms);
    s.timestamp += 40;
    s.stream().end(primary);
    s.play(backup, 100, 1000);
    REQUIRE_FALSE(s.frames.all.empty());
    CHECK(s.frames.all.front()->dts_ms == 5000);
    CHECK(s.frames.all.back()->dts_ms == 5000 + 100 * 40);
}

TEST_CASE("with no grace at all a publisher still has time to begin in another's place") {
    test::TemporaryDir dir;
    StreamOptions options;
    options.grace_seconds = 0;
    Stage s(dir.path(), options);
    s.play(s.stream().begin({}, {}).id, 100);
    const auto second = s.stream().begin({}, {}).id;
    s.clock.advance(1s);
    s.stream().tick();
    s.run();
    CHECK(s.hub.view(0, "main")->live());
    s.play(second, 10);
    s.stream().end(second);
    s.stream().tick();
    s.run();
    CHECK_FALSE(s.hub.view(0, "main")->live());
}

TEST_CASE("sound that lags behind the picture is heard again at once after a return") {
    test::TemporaryDir dir;
    Stage s(dir.path(), with_slate());
    s.hub.start();
    s.sound_lag = 120;
    const auto first = s.stream().begin({}, {}).id;
    s.play(first, 100);
    get_slate(s);
    s.stream().end(first);
    s.clock.advance(1000ms);
    const auto before = s.frames.all.size();
    s.play(s.stream().begin({}, {}).id, 50);
    int silent = 0, real = 0;
    for (std::size_t i = before; i < s.frames.all.size(); ++i)
        if (s.frames.all[i]->kind == TrackKind::audio) ++(is_slate(s.frames.all[i]) ? silent : real);
    CHECK(real >= 45);
    CHECK(silent <= 54);
}
