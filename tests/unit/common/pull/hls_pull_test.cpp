#include "common/pull/hls_pull.hpp"

#include "tests/unit/common/pull/line_model.hpp"

using namespace tongke;
using namespace tongke::pull;
using namespace tongke::pull::test;

TEST_CASE("segments come in order, each soon after it was made, for little more than their bytes") {
    LineModel line;
    line.run_until(61s);
    line.check_contiguous();
    REQUIRE(line.delivered.size() >= 33);
    CHECK(line.delivered.front().segment->msn == 126);  // 8 s back from 129, the newest at the start
    const auto& segment = *line.delivered.back().segment;
    CHECK(segment.msn == 159);
    CHECK(segment.name == "1a/159.m4s");
    CHECK(segment.run == "1a");
    CHECK(segment.duration_us == 2'000'000);
    CHECK(segment.target_duration == 2);
    CHECK(segment.init->name == "1a/init-0.mp4");
    CHECK(segment.init->codecs == "avc1.64001f,mp4a.40.2");
    for (std::size_t i = 5; i < line.delivered.size(); ++i) {
        const auto made = 2000ms * (line.delivered[i].segment->msn - 129);
        CHECK(line.delivered[i].at - made < 400ms);
    }
    CHECK(line.races == 0);
    CHECK(line.lost.empty());
    CHECK(line.sent < line.delivered.size() * line.segment_bytes * 102 / 100);
}

TEST_CASE("a line cut for 5 s at any phase costs no segment and at most a second more than 5 s") {
    for (auto phase = 0ms; phase < 2000ms; phase += 50ms) {
        INFO("cut " << phase.count() << " ms into a segment");
        LineModel line;
        const Cut cut{20s + phase, 25s + phase};
        line.cuts = {cut};
        line.run_until(41s);
        line.check_contiguous();
        CHECK(line.delivered.back().segment->msn == 149);
        REQUIRE(line.lost.size() == 1);
        CHECK(line.lost[0].second == LostReason::silent);
        CHECK(line.since[0] >= cut.begin - 2s);
        CHECK(line.since[0] <= cut.begin + 2s);
        REQUIRE(line.back.size() == 1);
        CHECK(line.back[0] - cut.end < 1200ms);
        for (const auto& got : line.delivered) {
            const auto made = 2000ms * (got.segment->msn - 129);
            if (made >= cut.begin && made < cut.end) CHECK(got.at - cut.end < 2500ms);
            if (made >= 1s && made < cut.begin - 500ms) CHECK(got.at - made < 400ms);
        }
        CHECK(line.sent < line.delivered.size() * line.segment_bytes * 105 / 100 + line.segment_bytes);
    }
}

TEST_CASE("after a cut of 20 s media flows again within 1.5 s of the line's return") {
    for (auto phase = 0ms; phase < 2000ms; phase += 250ms) {
        INFO("cut " << phase.count() << " ms into a segment");
        LineModel line;
        const Cut cut{20s + phase, 40s + phase};
        line.cuts = {cut};
        line.run_until(61s);
        line.check_contiguous();
        CHECK(line.delivered.back().segment->msn == 159);
        const auto first = std::find_if(line.delivered.begin(), line.delivered.end(),
                                        [&](const auto& d) { return d.at >= cut.end; });
        CHECK(first->at - cut.end < 1500ms);
    }
}

TEST_CASE("after an outage longer than the relay's window the oldest that is left comes next") {
    LineModel line;
    line.cuts = {{20s, 110s}};
    line.run_until(141s);
    REQUIRE(line.delivered.size() > 30);
    std::int64_t holes = 0;
    for (std::size_t i = 1; i < line.delivered.size(); ++i) {
        const auto step = line.delivered[i].segment->msn - line.delivered[i - 1].segment->msn;
        CHECK(step >= 1);
        holes += step > 1;
    }
    CHECK(holes == 1);
    CHECK(line.delivered.back().segment->msn == 199);
}

TEST_CASE("an encoder that is late is asked after politely and is no lost line") {
    LineModel line;
    line.encoder_away = {20s, 50s};
    line.run_until(71s);
    line.check_contiguous();
    CHECK(line.lost.empty());
    const auto during = line.requests_between(20s, 50s);
    CHECK(during < 25);
    CHECK(line.delivered.back().segment->msn == 149);
}

TEST_CASE("a relay that is down is tried again at once, then with jitter, not in a storm") {
    LineModel line;
    line.relay_down = {21s, 27s};
    line.run_until(41s);
    line.check_contiguous();
    CHECK(line.delivered.back().segment->msn == 149);
    REQUIRE(line.lost.size() == 1);
    CHECK(line.lost[0].second == LostReason::closed);
    const auto during = line.requests_between(21s, 27s);
    CHECK(during >= 3);
    CHECK(during < 30);
}

TEST_CASE("a relay that comes back with a new run goes on above") {
    LineModel line;
    line.run_until(20s);
    line.run = "2b";
    line.first_msn += 16;
    line.run_until(41s);
    CHECK(line.delivered.back().segment->run == "2b");
    CHECK(line.delivered.back().segment->init->name == "2b/init-0.mp4");
    for (std::size_t i = 1; i < line.delivered.size(); ++i) {
        CHECK(line.delivered[i].segment->msn > line.delivered[i - 1].segment->msn);
    }
}

TEST_CASE("a relay that forgot its numbers is followed all the same") {
    LineModel line;
    line.run_until(20s);
    line.run = "2b";
    line.first_msn = 0;
    line.run_until(41s);
    CHECK(line.delivered.back().segment->run == "2b");
    CHECK(line.delivered.back().segment->msn == 49);
}

TEST_CASE("a listed segment that is not there becomes a gap and holds nothing up") {
    LineModel line;
    line.absent = {135};
    line.run_until(31s);
    line.check_contiguous();
    const auto gap = std::find_if(line.delivered.begin(), line.delivered.end(),
                                  [](const auto& d) { return d.segment->gap; });
    REQUIRE(gap != line.delivered.end());
    CHECK(gap->segment->msn == 135);
    CHECK(gap->segment->data == nullptr);
    CHECK(line.delivered.back().segment->msn == 144);
}

TEST_CASE("an init section that is never there makes gaps of its segments and holds nothing up") {
    const auto code = GENERATE(404, 410);
    LineModel line;
    line.run_until(20s);
    line.run = "2b";
    line.first_msn += 16;
    line.status = [code](const std::string& path) { return path == "2b/init-0.mp4" ? code : 200; };
    line.run_until(23s);
    line.run = "3c";  // the relay died before it had the init section, and is back
    line.first_msn += 16;
    line.run_until(41s);
    CHECK(line.lost.empty());
    CHECK(line.asked["2b/init-0.mp4"] < 10);
    REQUIRE(line.delivered.back().segment->run == "3c");
    CHECK(line.delivered.back().segment->msn == 181);
    CHECK(line.delivered.back().segment->init->name == "3c/init-0.mp4");
    int gaps = 0;
    for (const auto& [segment, at] : line.delivered) {
        CHECK(segment->gap == (segment->run == "2b"));
        CHECK((segment->data == nullptr) == segment->gap);
        gaps += segment->gap;
    }
    CHECK(gaps > 0);
}

TEST_CASE("a refused token is tried again slowly and told as such") {
    LineModel line;
    line.status = [](const std::string&) { return 403; };
    line.run_until(31s);
    REQUIRE(line.lost.size() == 1);
    CHECK(line.lost[0].second == LostReason::refused);
    CHECK(line.requests.size() < 18);
    line.status = [](const std::string&) { return 200; };
    line.run_until(51s);
    CHECK(line.back.size() == 1);
    CHECK(line.delivered.size() > 5);
}

TEST_CASE("a stream that does not exist yet is waited for") {
    LineModel line;
    line.status = [](const std::string&) { return 503; };
    line.run_until(10s);
    CHECK(line.waits > 3);
    CHECK(line.lost.empty());
    line.status = [](const std::string&) { return 200; };
    line.run_until(20s);
    CHECK(line.delivered.size() > 5);
}

TEST_CASE("a captive portal's page is neither playlist nor segment") {
    LineModel line;
    line.run_until(10s);
    const auto before = line.delivered.size();
    line.html = "<html>please log in</html>";
    line.run_until(20s);
    CHECK(line.delivered.size() == before);
    REQUIRE(line.lost.size() == 1);
    CHECK(line.lost[0].second == LostReason::bad_answer);
    line.html.clear();
    line.run_until(41s);
    line.check_contiguous();
    CHECK(line.delivered.back().segment->msn == 149);
}

TEST_CASE("a relay that cannot block is polled") {
    LineModel line;
    line.blocks = false;
    line.run_until(31s);
    line.check_contiguous();
    CHECK(line.delivered.back().segment->msn == 144);
    CHECK(line.asked["live.m3u8"] < 40);
}

TEST_CASE("the second address is used when the first is dead, and kept") {
    auto config = LineModel::make_config();
    config.bases = {"http://dead", "http://relay"};
    LineModel line(config);
    line.dead_hosts = {"http://dead"};
    line.run_until(20s);
    CHECK(line.pull().base() == "http://relay");
    CHECK(line.delivered.size() > 5);
    const auto late = std::count_if(line.requests.begin(), line.requests.end(), [](const auto& request) {
        return request.first > 5s && request.second.starts_with("http://dead");
    });
    CHECK(late == 0);
}

TEST_CASE("an address whose playlists drip is left for the other") {
    auto config = LineModel::make_config();
    config.bases = {"http://first", "http://second"};
    LineModel line(config);
    const bool from_the_start = GENERATE(true, false);
    if (!from_the_start) line.run_until(21s);
    line.drips = [](const auto& host, const auto& path) {
        return host == "http://first" && path.find(".m3u8") != path.npos;
    };
    const auto before = line.now();
    line.run_until(before + 61s);
    line.check_contiguous();
    CHECK(line.delivered.back().segment->msn == (from_the_start ? 159 : 169));
    CHECK(line.pull().base() == "http://second");
    for (const auto& got : line.delivered) {
        const auto made = 2000ms * (got.segment->msn - 129);
        CHECK(got.at - std::max(made, before) < 11s);
        if (made > before + 12s) CHECK(got.at - made < 400ms);
    }
}

TEST_CASE("a relay that refuses beside a reload that hangs or drips is asked with jitter, not in a storm") {
    const bool drips = GENERATE(true, false);
    LineModel line;
    line.run_until(20s);
    line.drips = [&](const auto&, const auto& path) { return drips && line.now() < 21s && path != ""; };
    if (!drips) line.cuts = {{20s, 21s}};  // what was asked then is lost with its connection
    line.status = [&](const std::string& path) {
        return line.now() >= 21s && line.now() < 40s && path.find("live.m3u8") == 0 ? 503 : 200;
    };
    line.run_until(61s);
    const auto during = line.requests_between(20s, 40s);
    CHECK(during < 40);
    CHECK(line.delivered.back().segment->msn == 159);
}

TEST_CASE(
    "a relay that lacks what the reload waits for is asked twice in half a target duration, not in a storm") {
    LineModel line;
    line.encoder_away = {20s, 40s};
    line.status = [&](const std::string& path) {
        return line.now() >= 20s && line.now() < 40s && path.find("_HLS_msn") != path.npos ? 400 : 200;
    };
    line.run_until(61s);
    line.check_contiguous();
    CHECK(line.requests_between(20s, 40s) < 50);
    CHECK(line.delivered.back().segment->msn == 149);
    CHECK(line.delivered.back().at - 60s < 400ms);
    CHECK(line.lost.empty());
}

TEST_CASE("a segment with a new init section does not wait for the one after it") {
    LineModel line;
    line.index_takes = 500ms;
    line.init_changes = GENERATE(std::set<std::int64_t>{139}, std::set<std::int64_t>{138, 139});
    line.encoder_away = {20s, 60s};  // 139 is the last
    line.run_until(22s);
    line.check_contiguous();
    CHECK(line.delivered.back().segment->msn == 139);
    CHECK(line.delivered.back().segment->init->name ==
          fmt::format("1a/init-{}.mp4", line.init_changes.size()));
}

TEST_CASE("one address that drips is one loss, until an answer is whole") {
    LineModel line;
    line.run_until(20s);
    line.drips = [&](const auto&, const auto& path) {
        return line.now() < 60s && path.find(".m3u8") != path.npos;
    };
    line.run_until(91s);
    line.check_contiguous();
    CHECK(line.delivered.back().segment->msn == 174);
    CHECK(line.lost.size() == 1);
    CHECK(line.back.size() == 1);
}

TEST_CASE("a pull that continues begins behind the segment already held") {
    auto config = LineModel::make_config();
    config.continue_after = 120;
    LineModel line(config);
    line.run_until(10s);
    CHECK(line.delivered.front().segment->msn == 121);
}

TEST_CASE("a pull without use for a backlog begins behind live, but fetches nothing twice") {
    auto config = LineModel::make_config();
    config.start_back_seconds = 4;
    const auto first = [&config] {
        LineModel line(config);
        line.run_until(10s);
        return line.delivered.front().segment->msn;
    };
    const auto behind_live = first();
    config.skip_backlog = true;
    config.continue_after = behind_live - 3;
    CHECK(first() == behind_live);
    config.continue_after = behind_live;
    CHECK(first() == behind_live + 1);
}

TEST_CASE("who wants a buffer begins four target durations behind live, who wants none at the edge") {
    const auto first = [](double start_back_seconds, int target_duration) {
        auto config = LineModel::make_config();
        config.start_back_seconds = start_back_seconds;
        LineModel line(config);
        line.target_duration = target_duration;
        line.run_until(10s);
        return line.delivered.front().segment->msn;
    };
    const auto usual = first(8, 2);
    CHECK(first(2, 2) == usual);
    CHECK(first(16, 2) == usual - 4);
    CHECK(first(16, 5) == usual - 6);
    CHECK(first(0.5, 5) == usual + 3);
}
