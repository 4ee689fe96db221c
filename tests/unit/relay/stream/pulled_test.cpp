// A stream that another relay sends (stream_pulled.cpp).
#include <boost/asio/io_context.hpp>
#include <set>

#include "common/rtmp/data_message.hpp"
#include "relay/stream/stream_hub.hpp"
#include "tests/support/temporary_dir.hpp"
#include "tests/unit/relay/stream/log_fixture.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

struct Ends final : LogReader {
    void on_flush(net::SendBurst&) override { ++flushes; }
    void on_stream_ended() override { ++ends; }
    int flushes = 0, ends = 0;
};

struct Frames final : FrameReader {
    void on_frame(const SharedFrame& frame) override { all.push_back(frame); }
    std::vector<SharedFrame> all;
};

/// A hub whose one worker is run by hand, and an origin that numbers from `number` on.
struct Edge {
    explicit Edge(const std::string& folder)
        : hub(workers, metrics, clock, folder, net::SendBurst::Way::send) {
        hub.add("main", {});
        view().attach(reader);
        view().attach(frames);
        hub.start();
        stream().pull_from({.address = "centre:1935", .client = "tongke-relay (rtmp)"});
        stream().pull_connected(true);
    }
    ~Edge() {
        if (gone) return;
        view().detach(reader);
        view().detach(frames);
        run();
    }
    Stream& stream() { return *hub.find("main"); }
    StreamView& view() { return *hub.view(0, "main"); }
    void run() {
        workers.context(0).restart();
        workers.context(0).poll();
    }
    void picture(bool keyframe, bool opens) {
        auto frame = std::make_shared<Frame>();
        frame->keyframe = keyframe;
        frame->number = number++;
        frame->dts_ms = dts_ms += 40;
        frame->arrival = clock.now();
        frame->payload = share(test::video_tag(keyframe, static_cast<std::uint32_t>(frame->number)));
        frame->payload_offset = 5;
        frame->track = test::video_track();
        frame->after_hole = std::exchange(hole, false);
        if (opens) frame->opens_segment = SegmentMark{run_id, msn++, 1'744'768'800'000 + dts_ms, false, 2};
        stream().append_pulled(frame);
        clock.advance(40ms);
    }
    void sound() {
        auto frame = std::make_shared<Frame>();
        frame->kind = TrackKind::audio;
        frame->number = number++;
        frame->dts_ms = dts_ms;
        frame->arrival = clock.now();
        frame->payload = share(test::audio_tag(1));
        frame->payload_offset = 2;
        frame->track = test::audio_track();
        stream().append_pulled(frame);
    }
    void play(int count) {
        for (int i = 0; i < count; ++i) picture(i % 50 == 0, i % 50 == 0);
        run();
    }
    void wait(std::chrono::seconds time) {
        for (auto done = 0s; done < time; done += 1s) {
            clock.advance(1s);
            stream().fill();
            stream().tick();
            run();
        }
    }
    std::vector<std::int64_t> numbers() const {
        std::vector<std::int64_t> out;
        for (const auto& frame : frames.all) out.push_back(frame->number);
        return out;
    }

    ManualClock clock;
    metrics::Metrics metrics;
    async::Workers workers{1};
    StreamHub hub;
    Ends reader;
    Frames frames;
    std::int64_t number = 446'655'443'322'112, msn = 500, dts_ms = 3'600'000;
    std::string run_id = "a1";
    bool hole = false;
    bool gone = false;  // with what read it
};

}  // namespace

TEST_CASE("a pulled stream keeps the origin's numbers, times and marks") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(120);
    REQUIRE(e.frames.all.size() == 120);
    CHECK(e.numbers() == range(446'655'443'322'112, 446'655'443'322'112 + 119));
    CHECK(e.frames.all.front()->dts_ms == 3'600'040);
    CHECK(e.frames.all[50]->opens_segment->msn == 501);
    CHECK(e.frames.all[50]->opens_segment->run == "a1");
    CHECK_FALSE(e.frames.all[0]->opens_segment->discontinuity);
    const auto info = e.stream().info();
    CHECK(info.live);
    CHECK(info.pulled);
    CHECK(info.publisher->address == "centre:1935");
    CHECK(info.run == "a1");
    CHECK(info.target_duration_s == 2);
    CHECK(info.fps == Approx(25).margin(0.2));
    CHECK(info.last_frame - info.first_frame == 119);
    CHECK(info.advisories.empty());
}

TEST_CASE("the sound behind a segment's last picture goes out with it, not with the next segment") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(50);
    e.sound();
    e.sound();
    e.run();
    CHECK(e.frames.all.size() == 50);
    e.stream().flush();
    e.run();
    CHECK(e.frames.all.size() == 52);
}

TEST_CASE("what came over the other transport already is not taken twice") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(60);
    e.number -= 10;
    e.dts_ms -= 400;
    e.play(20);
    const auto numbers = e.numbers();
    CHECK(std::set<std::int64_t>(numbers.begin(), numbers.end()).size() == numbers.size());
    CHECK(numbers.size() == 70);
}

TEST_CASE("an origin that is away leaves no slate, its readers are kept for the grace and told") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(120);
    e.stream().pull_connected(false);
    e.wait(25s);
    auto info = e.stream().info();
    CHECK(info.live);
    CHECK_FALSE(info.publisher);
    CHECK(info.slate == SlateState::none);
    REQUIRE(info.advisories.size() == 1);
    CHECK(info.advisories[0].code == "upstream");
    CHECK(info.advisories[0].level == AdvisoryLevel::alarm);
    CHECK(e.frames.all.size() == 120);
    CHECK(e.reader.ends == 0);
    e.stream().pull_connected(true);
    e.play(50);
    e.wait(1s);
    CHECK(e.reader.ends == 0);
    for (const auto& advisory : e.stream().info().advisories) CHECK(advisory.code != "upstream");
    CHECK(e.numbers() == range(446'655'443'322'112, 446'655'443'322'112 + 169));
    // It answers, and has nothing: the grace ends that too.
    e.wait(40s);
    CHECK(e.reader.ends == 1);
    CHECK_FALSE(e.stream().info().live);
    e.play(50);
    CHECK(e.stream().info().live);
}

TEST_CASE("a hole at the origin is announced to readers before the keyframe") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(50);
    const auto end = e.view().log().end();
    e.number += 1000;
    e.hole = true;
    e.play(10);
    WireCursor cursor(end);
    const auto messages = drain(cursor, e.view().log());
    REQUIRE(messages.size() > 2);
    const auto jump = rtmp::parse_jump(messages[0].payload);
    REQUIRE(jump);
    CHECK(jump->first_frame == 446'655'443'322'112 + 1050);
    CHECK(rtmp::parse_segment(messages[1].payload));
    CHECK(e.frames.all[50]->after_hole);
    CHECK(e.view().log().position_after(446'655'443'322'112 + 49) == end);
}

TEST_CASE("after a restart here the first segment is a discontinuity, and the origin's numbers stay") {
    test::TemporaryDir dir;
    {
        Edge e(dir.path());
        e.play(120);
    }
    Edge e(dir.path());
    e.number += 500;
    e.msn = 503;
    e.play(60);
    CHECK(e.frames.all[0]->opens_segment->discontinuity);
    CHECK(e.frames.all[0]->opens_segment->msn == 503);
    CHECK_FALSE(e.frames.all[50]->opens_segment->discontinuity);
}

TEST_CASE("an origin without its state: numbers of segments are lifted, those of frames begin anew") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(120);
    e.stream().begin_anew();
    e.run();
    CHECK(e.reader.ends == 1);
    CHECK(e.view().log().empty());
    e.number = 5000;
    e.msn = 0;
    e.dts_ms = 0;
    e.run_id = "b2";
    e.play(60);
    const auto& first = *e.frames.all[120];
    CHECK(first.number == 5000);
    CHECK(first.after_hole);
    CHECK(first.opens_segment->msn == 503);
    CHECK(first.opens_segment->discontinuity);
    CHECK(e.frames.all[170]->opens_segment->msn == 504);
    CHECK(e.stream().info().last_frame == 5059);
    CHECK(e.view().log().position_after(5010));
}

TEST_CASE("an origin that lost its state while this relay was down: numbers of segments do not fall") {
    test::TemporaryDir dir;
    {
        Edge e(dir.path());
        e.msn = 5000;
        e.play(120);
        e.hub.stop();
        e.gone = true;
    }
    Edge e(dir.path());
    e.number += 100'000;
    e.msn = 3;
    e.play(60);
    CHECK(e.frames.all[0]->opens_segment->msn > 5002);
    CHECK(e.frames.all[0]->opens_segment->discontinuity);
    CHECK(e.frames.all[50]->opens_segment->msn == e.frames.all[0]->opens_segment->msn + 1);
}

TEST_CASE("what no relay can mean is left out") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(10);
    for (const auto number : {std::int64_t{1} << 60, std::int64_t{-1}, INT64_MAX - 1}) {
        const auto real = std::exchange(e.number, number);
        e.picture(true, false);
        e.number = real;
    }
    const auto real = std::exchange(e.msn, INT64_MAX - 1);
    const auto number = e.number;
    e.picture(true, true);
    e.msn = real;
    e.number = number;
    e.play(10);
    CHECK(e.numbers() == range(446'655'443'322'112, 446'655'443'322'112 + 19));
}

TEST_CASE("an origin whose time begins anew does not hold the log for ever") {
    test::TemporaryDir dir;
    Edge e(dir.path());
    e.play(1000);
    e.number += 100'000;
    e.dts_ms = 0;
    e.run_id = "b2";
    e.hole = true;
    e.play(25 * 119);
    CHECK(e.view().log().front().number < 446'655'443'322'112 + 1000);
    e.play(25 * 4);
    CHECK(e.view().log().front().number >= 446'655'443'322'112 + 101'000);
    CHECK(e.stream().info().log_span_s == Approx(120).margin(1));
}
