#include "common/pull/rtmp_pull.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/common/pull/rtmp_line_model.hpp"

using namespace tongke;
using namespace tongke::pull;
using namespace tongke::pull::test;

TEST_CASE("frames become the relay's own segments") {
    RtmpLine line;
    line.run_until(21s);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.segments.back()->msn == kFirstMsn + 9);
    const auto& segment = *line.segments.back();
    CHECK(segment.name == fmt::format("1a/{}.m4s", kFirstMsn + 9));
    CHECK(segment.duration_us == 2'000'000);
    CHECK(segment.begin_ms == kTimeline + 9 * 2000);
    CHECK(segment.target_duration == 2);
    CHECK(segment.init->codecs == "avc1.64001f");
    CHECK(line.connections == 1);
    CHECK(line.lost.empty());
}

TEST_CASE("a line cut for 5 s at any phase costs no frame and gives none twice") {
    for (auto phase = 0ms; phase < 2000ms; phase += 130ms) {
        INFO("cut " << phase.count() << " ms into a segment");
        RtmpLine line;
        line.cut_begin = 10s + phase;
        line.cut_end = 15s + phase;
        line.run_until(31s);
        line.check_contiguous();
        line.check_frames();
        CHECK(line.segments.back()->msn == kFirstMsn + 14);
        CHECK(line.lost.size() == 1);
        REQUIRE(line.back.size() == 1);
        CHECK(line.back[0] - line.cut_end < 1500ms);
        CHECK(line.races > 0);
    }
}

TEST_CASE("an outage longer than the relay's log goes on at a keyframe, with whole segments only") {
    RtmpLine line;
    line.log_keeps = 250;
    line.cut_begin = 10s + 300ms;
    line.cut_end = 40s + 300ms;
    line.run_until(61s);
    line.check_frames();
    CHECK(line.segments.back()->msn == kFirstMsn + 29);
}

TEST_CASE("an encoder that is away is no lost line: pings are answered") {
    RtmpLine line;
    line.encoder_away_begin = 10s;
    line.encoder_away_end = 30s;
    line.run_until(41s);
    CHECK(line.lost.empty());
    CHECK(line.connections == 1);
    line.check_frames();
}

TEST_CASE("a relay of which only single bytes come is left for another, without a lost frame") {
    RtmpLine line{{"rtmp://one", "rtmp://two"}};
    line.run_until(11s);
    line.drip("one");
    line.run_until(61s);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.segments.back()->msn == kFirstMsn + 29);
    CHECK(line.pull().url() == "rtmp://two");
    CHECK(line.lost.size() == 1);
    CHECK(line.back.size() == 1);
    REQUIRE(line.opened.size() >= 2);
    CHECK(line.opened[1].first < 24s);
    CHECK(line.open_connections() == 1);
}

TEST_CASE("of several that drip each is tried, and a handshake does not say that the stream is back") {
    RtmpLine line{{"rtmp://one", "rtmp://two", "rtmp://three"}};
    line.run_until(11s);
    line.drip("one");
    line.drip("two");
    line.run_until(91s);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.pull().url() == "rtmp://three");
    CHECK(line.segments.back()->msn == kFirstMsn + 44);
    CHECK(line.lost.size() == 1);
    CHECK(line.back.size() == 1);
}

TEST_CASE("a relay that stops as it said is left for another before it goes, without a lost frame") {
    RtmpLine line({"rtmp://first", "rtmp://second"});
    line.run_until(10s);
    line.ask_to_reconnect("first", 1s);
    line.run_until(11s);
    CHECK(line.opened.back().second == "second");
    CHECK(line.open_connections() == 1);
    line.stop("first");
    line.run_until(31s);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.connections == 2);
    CHECK(line.lost.empty());
    CHECK(line.segments.back()->msn == kFirstMsn + 14);
}

TEST_CASE("a relay that is about to go is played from while the others do not answer") {
    const bool mute = GENERATE(false, true);
    RtmpLine line({"rtmp://first", "rtmp://second"});
    line.run_until(10s);
    if (mute)
        line.mute("second");
    else
        line.stop("second");
    line.ask_to_reconnect("first", 5s);
    line.run_until(31s);
    CHECK(line.open_connections() <= 2);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.lost.empty());
    CHECK(line.segments.back()->msn == kFirstMsn + 14);
}

TEST_CASE("of several others each is tried") {
    RtmpLine line({"rtmp://first", "rtmp://second", "rtmp://third"});
    line.run_until(10s);
    line.stop("second");
    line.ask_to_reconnect("first", 1s);
    line.run_until(13s);
    CHECK(line.opened.back().second == "third");
    CHECK(line.open_connections() == 1);
    line.run_until(31s);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.lost.empty());
}

TEST_CASE("a relay with other frame numbers is no way out while the first plays, and one when it has gone") {
    const std::int64_t away = GENERATE(-1'000'000, 1'000'000);
    RtmpLine line({"rtmp://first", "rtmp://second"});
    line.numbers_away["second"] = away;
    line.run_until(10s);
    line.ask_to_reconnect("first", 1s);
    line.run_until(14s);
    CHECK(line.open_connections() == 1);
    const auto before = line.segments.size();
    line.stop("first");
    line.run_until(31s);
    CHECK(line.segments.size() >= before + 6);
    CHECK(line.segments.back()->msn == kFirstMsn + 14);
}

TEST_CASE("a relay that says that it goes and dies without a word is left for one with other numbers") {
    RtmpLine line({"rtmp://first", "rtmp://second"});
    line.numbers_away["second"] = -1'000'000;
    line.run_until(10s);
    line.ask_to_reconnect("first", 1s);
    line.run_until(12s);
    line.mute("first");
    const auto before = line.segments.size();
    line.run_until(31s);
    CHECK(line.segments.size() >= before + 7);
    CHECK(line.lost.size() == 1);
    CHECK(line.back.size() == 1);
}

TEST_CASE("with one address a relay that is about to go is played from to its end") {
    RtmpLine line;
    line.run_until(10s);
    line.ask_to_reconnect("relay", 1s);
    line.run_until(12s);
    CHECK(line.connections == 1);
    line.stop("relay");
    line.run_until(13s);
    line.start("relay");
    line.run_until(31s);
    line.check_contiguous();
    line.check_frames();
}

TEST_CASE("a blip is tried at once, whatever the window") {
    RtmpLine line;
    line.run_until(10s);
    line.tell_window(5s);
    line.run_until(11s);
    line.stop("relay");
    line.start("relay");
    line.run_until(11s + 100ms);
    CHECK(line.connections == 2);
    line.run_until(31s);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.lost.empty());
}

TEST_CASE("those who lose a relay come back over the window that it told, each at a moment of its own") {
    const bool planned = GENERATE(false, true);
    std::vector<Milliseconds> waits;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        RtmpLine line({"rtmp://relay"}, seed * 7919);
        line.run_until(10s);
        line.tell_window(3s);
        if (planned) line.ask_to_reconnect("relay", 3s);
        line.run_until(11s);
        line.stop("relay");
        line.run_until(11s + 15ms);  // a first try, which is refused
        line.start("relay");
        line.run_until(31s);
        waits.push_back(line.opened.back().first - 11s);
        line.check_contiguous();
        line.check_frames();
    }
    CHECK(*std::max_element(waits.begin(), waits.end()) <= 3100ms);
    for (auto third = 0ms; third < 3s; third += 1s) {
        INFO("the second from " << third.count() << " ms on");
        const auto count = std::count_if(waits.begin(), waits.end(),
                                         [&](auto wait) { return wait >= third && wait < third + 1s; });
        CHECK(count >= 8);
    }
}

TEST_CASE("a relay whose publisher is not there yet is waited at over one connection") {
    const bool before = GENERATE(false, true);  // it played, and the relay was started again
    RtmpLine line;
    if (before) {
        line.run_until(10s);
        line.stop("relay");
        line.run_until(11s);
        line.start("relay");
    }
    line.take_off_air("relay");
    line.run_until(16s);
    const auto lost = line.lost.size();
    const auto opened = line.connections;
    line.run_until(25s);
    CHECK(line.connections == opened);
    CHECK(line.open_connections() == 1);
    CHECK(line.races == 0);
    CHECK(line.lost.size() == lost);
    CHECK(lost == (before ? 1 : 0));
    CHECK(line.waits > 0);
    line.put_on_air("relay");
    line.run_until(30s);
    CHECK(line.connections == opened);
    CHECK(line.open_connections() == 1);
    CHECK(line.back.size() == lost);
    REQUIRE_FALSE(line.segments.empty());
    CHECK(line.times.back() > 25s);
}

TEST_CASE("a relay that waits for its publisher and dies without a word is noticed") {
    RtmpLine line;
    line.take_off_air("relay");
    line.run_until(10s);
    line.mute("relay");
    line.run_until(12s);
    CHECK(line.lost.size() == 1);
    CHECK(line.races >= 1);
}

TEST_CASE("while one relay waits for its publisher each other address is asked, over one connection") {
    RtmpLine line({"rtmp://province", "rtmp://centre", "rtmp://second"});
    line.take_off_air("province");
    line.take_off_air("centre");
    line.take_off_air("second");
    line.run_until(30s);
    CHECK(line.open_connections() == 3);
    CHECK(line.connections == 3);
    CHECK(line.lost.empty());
    line.put_on_air("second");
    line.run_until(40s);
    CHECK(line.open_connections() == 1);
    CHECK(line.pull().url() == "rtmp://second");
    line.check_frames();
}

TEST_CASE("a relay that plays where the first waits is found within a second") {
    RtmpLine line({"rtmp://province", "rtmp://centre"});
    line.take_off_air("province");
    line.run_until(4s);
    CHECK(line.pull().url() == "rtmp://centre");
    REQUIRE(line.opened.size() == 2);
    CHECK(line.opened[1].first < 1200ms);
    CHECK(line.open_connections() == 1);
}

TEST_CASE("the connection that stands longest in a relay's queue keeps its place") {
    RtmpLine line;
    line.mute("relay");  // it accepts nobody
    line.run_until(20s);
    CHECK(line.connections > 15);
    CHECK(line.open_connections() == 4);
    CHECK(line.first_is_open());
}

TEST_CASE("a line that dies silently is replaced though another address answers and waits") {
    RtmpLine line({"rtmp://province", "rtmp://centre"});
    line.take_off_air("centre");
    line.run_until(10s);
    line.kill_silently("province");
    line.run_until(15s);
    CHECK(line.pull().url() == "rtmp://province");
    REQUIRE(line.back.size() == 1);
    CHECK(line.back[0] < 14s);
    line.run_until(25s);
    line.check_frames();
    line.check_contiguous();
}

TEST_CASE("an address that refuses does not keep the pull from the one where the stream will be") {
    RtmpLine line({"rtmp://province", "rtmp://centre"});
    line.take_off_air("province");
    line.refuses.insert("centre");
    line.run_until(40s);
    line.put_on_air("province");
    line.run_until(50s);
    CHECK(line.pull().url() == "rtmp://province");
    CHECK_FALSE(line.segments.empty());
    CHECK(line.connections < 30);
}

TEST_CASE("a server that closes whenever it is asked to play is not asked in a storm") {
    RtmpLine line;
    line.closes_at_play.insert("relay");
    line.run_until(10s);
    CHECK(line.connections < 20);
    CHECK(line.lost.size() == 1);
}

TEST_CASE("a stream that is lost at one address is told as lost while another only waits for it") {
    RtmpLine line({"rtmp://province", "rtmp://centre"});
    line.take_off_air("centre");
    line.run_until(10s);
    line.stop("province");
    line.run_until(12s);
    CHECK(line.lost.size() == 1);
    line.run_until(20s);
    line.start("province");
    line.run_until(23s);
    CHECK(line.back.size() == 1);
    line.run_until(30s);
    line.check_contiguous();
}

TEST_CASE("of several that stood in a relay's queue and wait for its publisher one stays") {
    RtmpLine line;
    line.take_off_air("relay");
    line.let_queue("relay");
    line.run_until(4s);
    CHECK(line.open_connections() == 4);
    line.serve_queue("relay");
    line.run_until(5s);
    CHECK(line.open_connections() == 1);
    const auto opened = line.connections;
    line.run_until(20s);
    CHECK(line.connections == opened);
}
