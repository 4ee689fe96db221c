#include "relay/stream/stream.hpp"

#include "relay/stream/stream_hub.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"
#include "tests/support/temporary_dir.hpp"

#include <boost/asio/io_context.hpp>

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

struct Frames final : FrameReader {
    void on_frame(const SharedFrame& frame) override { all.push_back(frame); }
    void on_stream_ended() override { ++ends; }
    std::vector<SharedFrame> all;
    int ends = 0;
};

/// A hub whose one worker is run by hand, on a virtual clock.
struct Stage {
    explicit Stage(const std::string& folder) : hub(workers, metrics, clock, folder) {
        hub.add("main", {});
        hub.view(0, "main")->attach(frames);
    }
    ~Stage() {
        hub.view(0, "main")->detach(frames);
        run();
    }
    Stream& stream() { return *hub.find("main"); }
    void run() {
        workers.context(0).restart();
        workers.context(0).poll();
    }
    /// 40 ms of picture with its sound, keyframes every `group`.
    void play(PublicationId id, int count, int group = 50) {
        for (int i = 0; i < count; ++i) {
            picture(id, i % group == 0);
            clock.advance(40ms);
            timestamp += 40;
        }
        run();
    }
    void picture(PublicationId id, bool keyframe) {
        IngestFrame frame;
        frame.keyframe = keyframe;
        frame.timestamp = timestamp;
        frame.arrival = clock.now();
        frame.payload = share(test::video_tag(keyframe, 1));
        frame.payload_offset = 5;
        frame.track = video;
        stream().append(id, frame);
        frame.kind = TrackKind::audio;
        frame.keyframe = false;
        frame.payload = share(test::audio_tag(1));
        frame.track = audio;
        stream().append(id, frame);
    }
    std::vector<SegmentMark> marks() const {
        std::vector<SegmentMark> found;
        for (const auto& frame : frames.all)
            if (frame->opens_segment) found.push_back(*frame->opens_segment);
        return found;
    }

    ManualClock clock;
    metrics::Metrics metrics;
    async::Workers workers{1};
    Frames frames;
    StreamHub hub;
    SharedTrack video = test::video_track();
    SharedTrack audio = test::audio_track();
    std::uint32_t timestamp = 1000;
};

}  // namespace

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

TEST_CASE("a publisher back within half a second makes no discontinuity, later exactly one") {
    for (const auto& [absence, expected] : {std::pair{300ms, 0}, std::pair{5000ms, 1}}) {
        test::TemporaryDir dir;
        Stage s(dir.path());
        const auto first = s.stream().begin({}, {}).id;
        s.play(first, 75);
        s.stream().end(first);
        s.clock.advance(absence);
        s.timestamp = 9'000'000;
        s.play(s.stream().begin({}, {}).id, 100);
        int discontinuities = 0;
        for (const auto& mark : s.marks()) discontinuities += mark.discontinuity;
        CHECK(discontinuities == expected);
        const auto span = s.frames.all.back()->dts_ms - s.frames.all.front()->dts_ms;
        CHECK(span == 174 * 40 + absence.count());
        // Media time and wall clock stay together.
        const auto last = s.marks().back();
        CHECK(std::abs(last.pdt_ms - (unix_ms(s.clock.wall()) - 50 * 40)) <= 1);
    }
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
