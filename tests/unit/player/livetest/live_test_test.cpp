#include "player/livetest/live_test.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <functional>

#include "common/time/format.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::livetest;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

Measures clean() {
    Measures m;
    m.startup_s = 1.2;
    m.buffer_min_s = 7.5;
    m.throughput_relay_node = 6;
    m.throughput_node_pc = 20;
    m.throughput_samples_relay_node = m.throughput_samples_node_pc = 6;
    m.dropped_ratio = 0.0;
    m.freezes = 0;
    m.observed_s = 60;
    return m;
}

struct Row {
    const char* what;
    std::function<void(Measures&)> change;
    Verdict verdict;
    const char* code;
};

}  // namespace

TEST_CASE("a clean page test passes and has no reasons") {
    const auto outcome = evaluate(Scope::page, clean(), 1);
    CHECK(outcome.verdict == Verdict::passed);
    CHECK(outcome.reasons.empty());
}

TEST_CASE("every row of the table of QOE.md section 5 is judged at its limits") {
    const std::vector<Row> rows{
        {"picture at 5 s", [](auto& m) { m.startup_s = 5.0; }, Verdict::passed, ""},
        {"picture at 10 s", [](auto& m) { m.startup_s = 10.0; }, Verdict::conditional, "startup"},
        {"picture after 10 s", [](auto& m) { m.startup_s = 10.1; }, Verdict::failed, "startup"},
        {"one stall of 2 s", [](auto& m) { m.stalls = 1, m.stalled_s = 2; }, Verdict::conditional, "stalls"},
        {"one stall of 2.1 s", [](auto& m) { m.stalls = 1, m.stalled_s = 2.1; }, Verdict::failed, "stalls"},
        {"two stalls", [](auto& m) { m.stalls = 2, m.stalled_s = 1; }, Verdict::failed, "stalls"},
        {"half the buffer", [](auto& m) { m.buffer_min_s = 4.0; }, Verdict::passed, ""},
        {"a quarter of the buffer", [](auto& m) { m.buffer_min_s = 2.0; }, Verdict::conditional, "buffer"},
        {"less than a quarter", [](auto& m) { m.buffer_min_s = 1.9; }, Verdict::failed, "buffer"},
        {"throughput 1.5", [](auto& m) { m.throughput_relay_node = 1.5; }, Verdict::passed, ""},
        {"throughput 1.3", [](auto& m) { m.throughput_relay_node = 1.3; }, Verdict::conditional,
         "throughput"},
        {"throughput 0.8", [](auto& m) { m.throughput_node_pc = 0.8; }, Verdict::failed, "throughput"},
        {"dropped 1 %", [](auto& m) { m.dropped_ratio = 0.01; }, Verdict::conditional, "dropped_frames"},
        {"dropped 2 %", [](auto& m) { m.dropped_ratio = 0.02; }, Verdict::failed, "dropped_frames"},
        {"a decoder freeze", [](auto& m) { m.freezes = 1; }, Verdict::failed, "decoder_freeze"},
        {"no throughput on one hop", [](auto& m) { m.throughput_node_pc.reset(); }, Verdict::incomplete,
         "throughput_unmeasured"},
        {"no startup", [](auto& m) { m.startup_s.reset(); }, Verdict::incomplete, "startup_unmeasured"},
        {"no buffer", [](auto& m) { m.buffer_min_s.reset(); }, Verdict::incomplete, "buffer_unmeasured"},
        {"no frames", [](auto& m) { m.dropped_ratio.reset(); }, Verdict::incomplete, "frames_unmeasured"},
        {"watched half", [](auto& m) { m.observed_s = 30; }, Verdict::incomplete, "not_watched"},
    };
    for (const auto& row : rows) {
        auto m = clean();
        row.change(m);
        const auto outcome = evaluate(Scope::page, m, 1);
        INFO(row.what);
        CHECK(outcome.verdict == row.verdict);
        CHECK((outcome.reasons.empty() ? std::string{} : outcome.reasons[0].code) == row.code);
        for (const auto& r : outcome.reasons) {
            CHECK_FALSE(r.text.empty());
            CHECK_FALSE(r.next.empty());
        }
    }
}

TEST_CASE("a failure outweighs what could not be measured") {
    auto m = clean();
    m.startup_s.reset();
    m.throughput_relay_node = 0.8;
    CHECK(evaluate(Scope::page, m, 1).verdict == Verdict::failed);
}

TEST_CASE("the reason throughput carries the measured ratio") {
    auto m = clean();
    m.throughput_relay_node = 0.804;
    const auto outcome = evaluate(Scope::page, m, 1);
    CHECK(outcome.reasons[0].text.find("0.80") != std::string::npos);
}

TEST_CASE("the node's own test leaves out the PC's items") {
    auto m = clean();
    m.startup_s.reset();
    m.throughput_node_pc.reset();
    m.throughput_samples_node_pc = 0;
    m.dropped_ratio.reset();
    m.freezes.reset();
    CHECK(evaluate(Scope::node, m, 1).verdict == Verdict::passed);
}

TEST_CASE("thresholds are configuration") {
    auto m = clean();
    m.throughput_relay_node = 1.3;
    CHECK(evaluate(Scope::page, m, 1, {.throughput_pass = 1.2}).verdict == Verdict::passed);
}

TEST_CASE("how sure: three over the minutes") {
    CHECK(confidence(8, 0) == "8 分钟无卡顿：每小时卡顿不超过 22.5 次（95%）");
    CHECK(confidence(360, 0) == "360 分钟无卡顿：每小时卡顿不超过 0.5 次（95%）");
    CHECK(confidence(0, 0).empty());
    CHECK(confidence(8, 2).find("卡顿 2 次") != std::string::npos);
}

TEST_CASE("who comes while the test runs is named, and the first stays") {
    LiveTest test({.id = "t1", .room = "510113-02", .started_by = "王技术"}, SteadyTime{1h},
                  from_unix_ms(1'744'768'800'000), 8);
    CHECK_FALSE(test.subject().attended_by);
    test.attended_by("李老师");
    test.attended_by("张老师");
    CHECK(test.subject().attended_by == "李老师");
}

TEST_CASE("throughput p10 is the lower nearest rank of single fetches") {
    ThroughputMeter meter;
    CHECK_FALSE(meter.p10_bps().has_value());
    for (int i = 1; i <= 20; ++i) meter.add(1'000'000, 1.0 / i);
    CHECK(*meter.p10_bps() == Approx(16e6));  // the second slowest of twenty
    meter.add(0, 1);
    meter.add(1, std::nan(""));
    CHECK(meter.count() == 20);
}

namespace {

LiveTest page_test() {
    return LiveTest({.id = "t1",
                     .room = "510113-02",
                     .room_name = "城关三小",
                     .started_by = "李老师",
                     .attended_by = "王技术",
                     .scope = Scope::page,
                     .minutes = 1,
                     .playlist = "/rooms/510113-02/test/hls/index.m3u8"},
                    SteadyTime{1h}, from_unix_ms(1'744'768'800'000), 8);
}

void feed(LiveTest& test, double factor) {
    test.bitrate(2.5e6);
    for (int i = 0; i < 6; ++i) {
        test.throughput(qoe::Hop::relay_node, 625'000, 2 / factor);  // two seconds of media
        test.throughput(qoe::Hop::node_pc, 625'000, 0.01);
    }
    qoe::RoomTotals totals;
    totals.startup_s = 1;
    totals.watched = 58s;
    totals.presented = 1450;
    totals.buffer_min_s = 7;
    test.page(totals, 9.5);
}

}  // namespace

TEST_CASE(
    "a link of 0.8 times the bitrate fails by throughput within ten per cent, 1.3 times is conditional") {
    for (const auto& [factor, verdict] :
         {std::pair{0.8, Verdict::failed}, {1.3, Verdict::conditional}, {6.0, Verdict::passed}}) {
        auto test = page_test();
        feed(test, factor);
        test.finish(SteadyTime{1h} + 60s, from_unix_ms(1'744'768'860'000));
        CHECK(test.outcome().verdict == verdict);
        CHECK(*test.measures().throughput_ratio() == Approx(factor).epsilon(0.1));
    }
}

TEST_CASE("the record has every member of the API's LiveTest, names both people and keeps its verdict") {
    auto test = page_test();
    const auto running = json::parse(test.to_json(SteadyTime{1h} + 20s));
    CHECK(running.at("state") == "running");
    CHECK(running.at("verdict").is_null());
    CHECK(running.at("seconds_left").to_number<double>() == 40);
    feed(test, 6);
    test.finish(SteadyTime{1h} + 60s, from_unix_ms(1'744'768'860'000));
    qoe::RoomTotals worse;
    worse.stalls = 9;
    test.page(worse, {});
    const auto o = json::parse(test.to_json(SteadyTime{1h} + 99s));
    CHECK(o.at("started_by") == "李老师");
    CHECK(o.at("attended_by") == "王技术");
    CHECK(o.at("verdict") == "passed");
    CHECK(o.at("end") == "2025-04-16T02:01:00.000Z");
    CHECK(o.at("measures").at("stalls") == 0);
    for (const auto* name : {"id", "room", "room_name", "scope", "begin", "minutes", "reasons", "confidence",
                             "qoe_version", "playlist"})
        CHECK(o.as_object().contains(name));
    for (const auto* name : {"startup_s", "stalled_s", "buffer_min_s", "throughput_ratio_p10",
                             "throughput_ratio_relay_node", "throughput_ratio_node_pc", "bitrate_bps",
                             "dropped_ratio", "freezes", "latency_s", "required_latency_s", "stall_curve"})
        CHECK(o.at("measures").as_object().contains(name));
}

TEST_CASE("a stall that has not ended when the test does is counted") {
    auto test = page_test();
    feed(test, 6);
    qoe::RoomTotals totals;
    totals.watched = 58s;
    totals.open_stalls = 1;
    totals.open_stalled = 4s;
    test.page(totals, {});
    CHECK(test.measures().stalls == 1);
    CHECK(test.measures().stalled_s == Approx(4));
}

TEST_CASE("an aborted test is incomplete and says why") {
    auto test = page_test();
    test.abort(SteadyTime{1h} + 5s, from_unix_ms(1'744'768'805'000),
               {"page_closed", "测试页面被关闭。", "请重新测试。"});
    CHECK(test.state() == TestState::aborted);
    CHECK(test.outcome().verdict == Verdict::incomplete);
    CHECK(json::parse(test.to_json(SteadyTime{1h})).at("reasons").at(0).at("code") == "page_closed");
}

TEST_CASE("a node test takes its stalls from a virtual player and its curve from the ledger") {
    LiveTest test({.id = "t", .room = "r", .scope = Scope::node, .minutes = 1}, SteadyTime{1h}, {}, 8);
    std::vector<qoe::Arrival> run;
    for (int i = 0; i < 30; ++i) {
        const auto end = (i + 1) * 2'000'000LL;
        run.push_back({end - 2'000'000, end, end + 100'000 + (i == 20 ? 15'000'000 : 0)});
    }
    test.arrivals(run);
    CHECK(test.measures().stalls == 1);
    CHECK(test.measures().stalled_s == Approx(7));
    CHECK(*test.measures().required_latency_s == Approx(17));
    CHECK(test.measures().stall_curve.size() == 6);
    test.aim_at(16);  // the stream's target duration became known
    CHECK(test.measures().target_s == 16);
    CHECK(test.measures().stalls == 0);
}

TEST_CASE("a node test's minutes begin with the first segment that came live, half a minute late at most") {
    LiveTest test({.id = "t", .room = "r", .scope = Scope::node, .minutes = 1}, SteadyTime{1h}, {}, 8);
    CHECK_FALSE(test.over(SteadyTime{1h} + 60s));
    CHECK(test.over(SteadyTime{1h} + 91s));
    const std::int64_t live = 3'600'000'000LL + 20'000'000;
    const std::vector<qoe::Arrival> run{{0, 2'000'000, live}};
    test.arrivals(run);
    CHECK_FALSE(test.over(SteadyTime{1h} + 79s));
    CHECK(test.over(SteadyTime{1h} + 80s));
}

TEST_CASE("a test that was kept while it ran is ended as incomplete, no later than its minutes were over") {
    const WallTime begin{1'744'768'800'000ms};
    Subject subject{.id = "a", .room = "r1", .room_name = "一号", .started_by = "王", .minutes = 8};
    const LiveTest running{subject, SteadyTime{1h}, begin, 8};
    const auto kept = running.to_json(SteadyTime{1h});
    for (const auto& [now, end] : {std::pair{2min, 2min}, std::pair{60min, 8min}, std::pair{-5min, 0min}}) {
        const auto ended = abort_stored(kept, begin + now, {"node_stopped", "停止", "重新测试"});
        REQUIRE(ended);
        const auto o = json::parse(*ended).get_object();
        CHECK(o.at("verdict") == "incomplete");
        CHECK(o.at("state") == "aborted");
        CHECK(o.at("started_by") == "王");
        CHECK(o.at("end") == json::value(to_iso8601(begin + end)));
        CHECK(o.at("reasons").at(0).at("code") == "node_stopped");
    }
    for (const auto* bad : {"", "{}", R"({"id":"a","room":"r1","begin":1,"minutes":8})"})
        CHECK_FALSE(abort_stored(bad, begin, {}));
}

TEST_CASE("stored tests are read back by their identifying members, anything else is an error") {
    auto test = page_test();
    test.finish(SteadyTime{1h} + 60s, from_unix_ms(1'744'768'860'000));
    const auto stored = parse_stored(test.to_json(SteadyTime{1h}));
    REQUIRE(stored);
    CHECK(stored->id == "t1");
    CHECK(stored->verdict == "incomplete");
    CHECK_FALSE(parse_stored("{}"));
    CHECK_FALSE(parse_stored("nonsense"));
}
