#include "common/hls/presentation.hpp"

#include <fmt/core.h>
#include <algorithm>

#include "common/hls/playlist.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hls_rules.hpp"

using namespace tongke;
using namespace tongke::hls;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const InitSection> init(const std::string& run) {
    auto section = std::make_shared<InitSection>();
    section->name = run + "/init-0.mp4";
    section->data = share_blob(Bytes(700, 1));
    section->codecs = "avc1.64001f,mp4a.40.2";
    section->width = 1280, section->height = 720;
    return section;
}

struct Made {
    std::int64_t msn = 0;
    std::string run = "1a";
    std::int64_t pdt_ms = -1;  // two seconds a number
    bool discontinuity = false;
    bool gap = false;
    int target_duration = 2;
    std::int64_t duration_us = 2'000'000;
};

SharedSegment make(const Made& made) {
    auto segment = std::make_shared<Segment>();
    segment->run = made.run;
    segment->msn = made.msn;
    segment->duration_us = made.duration_us;
    segment->begin_ms = made.msn * 2000;
    segment->pdt_ms = made.pdt_ms >= 0 ? made.pdt_ms : 1'744'768'800'000 + made.msn * 2000;
    segment->discontinuity = made.discontinuity;
    segment->gap = made.gap;
    segment->target_duration = made.target_duration;
    segment->name = fmt::format("{}/{}.m4s", made.run, made.msn);
    if (!made.gap) segment->data = share_blob(Bytes(1000, static_cast<std::uint8_t>(made.msn)));
    segment->init = init(made.run);
    return segment;
}

/// A presentation on a virtual clock whose every playlist is held to the rules.
class Stage {
  public:
    explicit Stage(PresentationConfig config = {}) : presentation(std::move(config)) {}

    AddResult add(const Made& made) {
        const auto result = presentation.add(make(made), clock.now());
        if (result == AddResult::added) check_rules();
        return result;
    }
    void add_range(std::int64_t first, std::int64_t last) {
        for (auto msn = first; msn <= last; ++msn) {
            REQUIRE(add({.msn = msn}) == AddResult::added);
            clock.advance(2s);
        }
    }
    void check_rules() {
        const auto now = body(get("live.m3u8"));
        CAPTURE(now);
        REQUIRE(describe(check_playlist(previous, now)) == "");
        previous = now;
    }
    http::Response get(std::string_view path, std::string query = {}, Delivery delivery = {}) {
        http::Response out;
        out.status = 0;
        ask(path, std::move(query), std::move(delivery), out);
        return out;
    }
    void ask(std::string_view path, std::string query, Delivery delivery, http::Response& out) {
        http::Request request{.method = "GET"};
        if (const auto equals = query.find('='); equals != std::string::npos)
            request.query.emplace_back(query.substr(0, equals), query.substr(equals + 1));
        presentation.answer(request, path, delivery, clock.now(),
                            http::Reply{[&out](http::Response response) { out = std::move(response); }});
    }
    static std::string body(const http::Response& r) {
        return r.shared ? std::string{as_text(*r.shared)} : r.text;
    }
    MediaPlaylist live() { return std::get<MediaPlaylist>(parse_playlist(body(get("live.m3u8"))).value()); }

    ManualClock clock;
    Presentation presentation;
    std::optional<std::string> previous;
};

}  // namespace

TEST_CASE("before the first segment every playlist is 503 with Retry-After") {
    Stage stage;
    for (const auto* path : {"index.m3u8", "live.m3u8"}) {
        const auto response = stage.get(path);
        CHECK(response.status == 503);
        CHECK(response.header("Retry-After") == "1");
    }
    CHECK(stage.get("1a/1.m4s").status == 404);
}

TEST_CASE("a rendered playlist parses back to what was added") {
    Stage stage;
    stage.add_range(5, 8);
    stage.add({.msn = 9, .discontinuity = true, .gap = true});
    const auto playlist = stage.live();
    CHECK(playlist.target_duration == 2);
    CHECK(playlist.media_sequence == 5);
    CHECK(playlist.hold_back == 6.0);
    REQUIRE(playlist.entries.size() == 5);
    CHECK(playlist.entries[0].map_uri == "1a/init-0.mp4");
    CHECK(playlist.entries[4].uri == "1a/9.m4s");
    CHECK(playlist.entries[4].gap);
    CHECK(playlist.entries[4].discontinuity);
    CHECK(playlist.entries[4].pdt_ms == 1'744'768'818'000);
}

TEST_CASE("the multivariant playlist names codecs, size and the peak bandwidth") {
    Stage stage;
    stage.add_range(1, 2);
    const auto parsed = parse_playlist(Stage::body(stage.get("index.m3u8")));
    const auto& variant = std::get<MultivariantPlaylist>(parsed.value()).variants.at(0);
    CHECK(variant.uri == "live.m3u8");
    CHECK(variant.bandwidth == 4000);
    CHECK(variant.codecs == "avc1.64001f,mp4a.40.2");
    CHECK(variant.height == 720);
}

TEST_CASE("a short segment's rate is no peak: it is of half a target duration and more") {
    Stage stage;
    stage.add_range(1, 2);
    auto pdt_ms = 1'744'768'800'000 + 3 * 2000;
    stage.add({.msn = 3, .pdt_ms = pdt_ms, .duration_us = 40'000});
    pdt_ms += 40;
    for (std::int64_t msn = 4; msn < 7; ++msn, pdt_ms += 2000) stage.add({.msn = msn, .pdt_ms = pdt_ms});
    const auto parsed = parse_playlist(Stage::body(stage.get("index.m3u8")));
    const auto& variant = std::get<MultivariantPlaylist>(parsed.value()).variants.at(0);
    CHECK(variant.bandwidth > 4000);
    CHECK(variant.bandwidth < 8000);
}

TEST_CASE("the peak bandwidth is never below the average") {
    Stage stage;
    auto pdt_ms = 1'744'768'800'000 + 2000;
    stage.add({.msn = 1, .pdt_ms = pdt_ms, .target_duration = 4, .duration_us = 400'000});
    pdt_ms += 400;
    for (std::int64_t msn = 2; msn < 5; ++msn, pdt_ms += 4400) {
        stage.add({.msn = msn, .pdt_ms = pdt_ms, .target_duration = 4, .duration_us = 4'400'000});
        const auto parsed = parse_playlist(Stage::body(stage.get("index.m3u8")));
        const auto& variant = std::get<MultivariantPlaylist>(parsed.value()).variants.at(0);
        CHECK(variant.bandwidth >= 8'000'000 * msn / (400 + 4400 * (msn - 1)));
    }
}

TEST_CASE("a token reader finds the suffix after every URI and no cache keeps the answer") {
    Stage stage;
    stage.add_range(1, 3);
    const Delivery personal{"?token=T", Caching::personal};
    const auto live = stage.get("live.m3u8", {}, personal);
    CHECK(live.header("Cache-Control") == "private, no-store");
    const auto playlist = std::get<MediaPlaylist>(parse_playlist(Stage::body(live)).value());
    for (const auto& entry : playlist.entries) {
        CHECK(entry.uri == fmt::format("1a/{}.m4s?token=T", entry.msn));
        CHECK(entry.map_uri == "1a/init-0.mp4?token=T");
    }
    CHECK(Stage::body(stage.get("index.m3u8", {}, personal)).ends_with("\nlive.m3u8?token=T\n"));
}

TEST_CASE("segments and init sections are the shared bytes themselves, cacheable for ever") {
    Stage stage;
    const auto segment = make({.msn = 7});
    stage.presentation.add(segment, stage.clock.now());
    const auto response = stage.get("1a/7.m4s");
    CHECK(response.shared == segment->data);
    CHECK(response.header("Content-Type") == "video/mp4");
    CHECK(response.header("Cache-Control") == "max-age=31536000, immutable");
    CHECK(stage.get("1a/init-0.mp4").shared->size() == 700);
    CHECK(stage.get("live.m3u8").header("Cache-Control") == "max-age=1");
    CHECK(stage.get("1a/7.m4s", {}, {{}, Caching::none}).header("Cache-Control") == "no-store");
}

TEST_CASE("the window slides by time and never shows less than three target durations") {
    Stage stage({.window_seconds = 20});
    stage.add_range(1, 30);
    CHECK(stage.presentation.first_msn() == 21);
    CHECK(stage.presentation.last_msn() == 30);
    Stage tiny({.window_seconds = 1});
    tiny.add_range(1, 30);
    CHECK(tiny.presentation.first_msn() == 28);
}

TEST_CASE("a removed segment stays fetchable for its duration and the longest playlist") {
    Stage stage({.window_seconds = 20});
    for (std::int64_t msn = 1; msn <= 10; ++msn) stage.add({.msn = msn});
    stage.add({.msn = 11});  // removes 1
    stage.clock.advance(21'999ms);
    stage.presentation.expire(stage.clock.now());
    CHECK(stage.get("1a/1.m4s").status == 200);
    stage.clock.advance(1ms);
    stage.presentation.expire(stage.clock.now());
    CHECK(stage.get("1a/1.m4s").status == 404);
    CHECK(stage.presentation.kept_segments() == 10);
}

TEST_CASE("an init section is kept as long as any segment that needs it") {
    Stage stage({.window_seconds = 6});
    stage.add({.msn = 1});
    stage.add({.msn = 2, .run = "1b", .discontinuity = true});
    CHECK(stage.get("1a/init-0.mp4").status == 200);
    for (std::int64_t msn = 3; msn <= 9; ++msn) stage.add({.msn = msn, .run = "1b"});
    stage.clock.advance(60s);
    stage.presentation.expire(stage.clock.now());
    CHECK(stage.get("1a/init-0.mp4").status == 404);
    CHECK(stage.get("1b/init-0.mp4").status == 200);
}

TEST_CASE("a reload for the next segment is answered when that segment is added") {
    Stage stage;
    stage.add_range(1, 3);
    http::Response waiting{.status = 0};
    stage.ask("live.m3u8", "_HLS_msn=4", {}, waiting);
    CHECK(waiting.status == 0);
    stage.add({.msn = 4});
    REQUIRE(waiting.status == 200);
    CHECK(std::get<MediaPlaylist>(parse_playlist(Stage::body(waiting)).value()).entries.back().msn == 4);
    CHECK(stage.presentation.waiting() == 0);
}

TEST_CASE("a reload for what is listed already is answered at once") {
    Stage stage;
    stage.add_range(1, 3);
    CHECK(stage.get("live.m3u8", "_HLS_msn=2").status == 200);
    CHECK(stage.get("live.m3u8", "_HLS_msn=3").status == 200);
}

TEST_CASE("impossible reloads are refused") {
    Stage stage;
    stage.add_range(1, 3);
    const auto query = GENERATE("_HLS_msn=6", "_HLS_msn=-1", "_HLS_msn=x", "_HLS_msn=", "_HLS_part=0",
                                "_HLS_msn=99999999999999999999");
    const auto response = stage.get("live.m3u8", query);
    CHECK(response.status == 400);
    CHECK_THAT(std::string{response.header("Content-Type")}, Catch::StartsWith("application/problem+json"));
}

TEST_CASE("a reload that waits three target durations ends with 503") {
    Stage stage;
    stage.add_range(1, 3);
    http::Response waiting{.status = 0};
    stage.ask("live.m3u8", "_HLS_msn=5", {}, waiting);
    const auto asked = stage.clock.now();
    CHECK(stage.presentation.next_deadline() == asked + 6s);
    stage.clock.advance(5'999ms);
    stage.presentation.expire(stage.clock.now());
    CHECK(waiting.status == 0);
    stage.clock.advance(1ms);
    stage.presentation.expire(stage.clock.now());
    CHECK(waiting.status == 503);
    CHECK(waiting.header("Retry-After") == "1");
}

TEST_CASE("with long segments a waiting reload gets what there is before a browser gives up") {
    Stage stage;
    stage.presentation.add(make({.msn = 1, .target_duration = 10}), stage.clock.now());
    http::Response waiting{.status = 0};
    stage.ask("live.m3u8", "_HLS_msn=2", {}, waiting);
    stage.clock.advance(9s);
    stage.presentation.expire(stage.clock.now());
    CHECK(waiting.status == 200);
}

TEST_CASE("more blocked reloads than allowed are refused, not queued") {
    Stage stage({.max_waiting = 1});
    stage.add_range(1, 3);
    http::Response first{.status = 0};
    stage.ask("live.m3u8", "_HLS_msn=4", {}, first);
    CHECK(stage.get("live.m3u8", "_HLS_msn=4").status == 503);
    stage.presentation.release_waiting();
    CHECK(first.status == 503);
}

TEST_CASE("nobody joins a stream that has ended; who is there goes on with its next segment") {
    Stage stage;
    stage.add_range(1, 3);
    http::Response waiting{.status = 0};
    stage.ask("live.m3u8", "_HLS_msn=4", {}, waiting);
    stage.presentation.go_offline(stage.clock.now());
    CHECK(stage.get("index.m3u8").status == 503);
    CHECK(stage.get("live.m3u8").status == 200);
    CHECK(stage.get("1a/3.m4s").status == 200);
    stage.add({.msn = 4, .discontinuity = true});
    CHECK(waiting.status == 200);
    CHECK(stage.live().media_sequence == 1);
    CHECK(stage.get("index.m3u8").status == 200);
}

TEST_CASE("a stream that has ended is not listed for ever") {
    Stage stage;
    stage.add_range(1, 3);
    stage.presentation.go_offline(stage.clock.now());
    stage.clock.advance(299s);
    CHECK(stage.get("live.m3u8").status == 200);
    stage.clock.advance(1s);
    CHECK(stage.get("live.m3u8").status == 503);
    stage.add({.msn = 4, .discontinuity = true});
    CHECK(stage.get("live.m3u8").status == 200);
}

TEST_CASE("a media sequence number that does not rise is refused and counted") {
    Stage stage;
    stage.add_range(5, 8);
    CHECK(stage.add({.msn = 8}) == AddResult::refused_lower_msn);
    CHECK(stage.add({.msn = 2}) == AddResult::refused_lower_msn);
    CHECK(stage.presentation.refused_segments() == 2);
    CHECK(stage.presentation.last_msn() == 8);
}

TEST_CASE("discontinuities that leave the window are counted for ever") {
    Stage stage({.window_seconds = 6});
    for (std::int64_t msn = 0; msn < 100; ++msn) stage.add({.msn = msn, .discontinuity = msn % 10 == 5});
    CHECK(stage.live().discontinuity_sequence == 10);
}

TEST_CASE("when numbers jump the window starts again above, with a discontinuity") {
    Stage stage;
    stage.add_range(1, 5);
    stage.add({.msn = 17, .run = "2b", .pdt_ms = 1'744'768'900'000});
    const auto playlist = stage.live();
    REQUIRE(playlist.entries.size() == 1);
    CHECK(playlist.media_sequence == 17);
    CHECK(playlist.entries[0].discontinuity);
    CHECK(stage.get("1a/5.m4s").status == 200);
}

TEST_CASE("contiguous numbers of a new run keep the old segments in the window") {
    Stage stage;
    stage.add_range(1, 5);
    stage.add({.msn = 6, .run = "2b", .discontinuity = true});
    const auto playlist = stage.live();
    CHECK(playlist.media_sequence == 1);
    CHECK(playlist.entries[5].map_uri == "2b/init-0.mp4");
}

TEST_CASE("after a restart the first playlist stands above every playlist before it") {
    Stage before({.window_seconds = 6});
    for (std::int64_t msn = 16; msn < 40; ++msn) before.add({.msn = msn, .discontinuity = msn % 2 == 0});
    Stage after({.window_seconds = 6});
    after.previous = before.previous;
    after.add({.msn = 48, .run = "2b", .discontinuity = true});
    for (std::int64_t msn = 49; msn < 60; ++msn) after.add({.msn = msn, .run = "2b"});
    CHECK(after.live().discontinuity_sequence > 40);
}

TEST_CASE("a persisted discontinuity sequence is continued where the window begins again") {
    Stage before({.window_seconds = 6});
    for (std::int64_t msn = 0; msn < 20; ++msn) before.add({.msn = msn, .discontinuity = msn % 4 == 0});
    const auto first = *before.presentation.first_msn();
    Stage after({.window_seconds = 6, .earlier = before.presentation.discontinuities()});
    for (auto msn = first; msn < 20; ++msn)
        after.presentation.add(make({.msn = msn, .discontinuity = msn % 4 == 0}), after.clock.now());
    CHECK(Stage::body(after.get("live.m3u8")) == Stage::body(before.get("live.m3u8")));
}

TEST_CASE("discontinuities keep their numbers wherever the window begins after a restart") {
    Stage before({.window_seconds = 10});
    for (std::int64_t msn = 0; msn < 20; ++msn) before.add({.msn = msn, .discontinuity = msn % 3 == 0});
    const auto numbers = [](const hls::MediaPlaylist& playlist) {
        std::map<std::int64_t, std::int64_t> by_msn;
        for (const auto& entry : playlist.entries) by_msn[entry.msn] = entry.discontinuity_sequence;
        return by_msn;
    };
    const auto told = numbers(before.live());
    for (auto first = *before.presentation.first_msn(); first < 22; ++first) {
        CAPTURE(first);
        Stage after({.window_seconds = 10, .earlier = before.presentation.discontinuities()});
        for (auto msn = first; msn < first + 3; ++msn)
            after.presentation.add(make({.msn = msn, .discontinuity = msn % 3 == 0}), after.clock.now());
        CHECK(after.live().discontinuity_sequence >= before.live().discontinuity_sequence);
        for (const auto& [msn, number] : numbers(after.live()))
            CHECK(number == (told.contains(msn) ? told.at(msn) : told.at(19) + (msn >= 21)));
    }
}

TEST_CASE("a node holds its readers back by its latency, or three target durations, and one more") {
    Stage stage({.latency_seconds = 8});
    stage.add({.msn = 1});
    CHECK(stage.live().hold_back == 10.0);
    Stage slow({.latency_seconds = 8});
    slow.presentation.add(make({.msn = 1, .target_duration = 10}), slow.clock.now());
    CHECK(slow.presentation.hold_back_seconds() == 40.0);
}

TEST_CASE("a gap is listed and cannot be fetched") {
    Stage stage;
    stage.add_range(1, 2);
    stage.add({.msn = 3, .gap = true});
    CHECK(stage.live().entries[2].gap);
    CHECK(stage.get("1a/3.m4s").status == 404);
}

TEST_CASE("in TS there is no init section, the version is lower, and the packets go out as what they are") {
    Presentation p;
    const auto now = SteadyTime{} + 1h;
    for (std::int64_t msn = 1; msn <= 3; ++msn) {
        auto init = std::make_shared<InitSection>();
        init->codecs = "avc1.64001f,mp4a.40.2";
        auto segment = std::make_shared<Segment>();
        segment->container = Container::ts;
        segment->run = "1a";
        segment->msn = msn;
        segment->duration_us = 2'000'000;
        segment->pdt_ms = 1'744'768'800'000 + msn * 2000;
        segment->target_duration = 2;
        segment->name = fmt::format("1a/{}.{}", msn, extension(Container::ts));
        segment->data = share_blob(Bytes(188, 0x47));
        segment->init = init;
        REQUIRE(p.add(segment, now) == AddResult::added);
    }
    http::Response live, media, nothing;
    const http::Request request{.method = "GET"};
    p.answer(request, "live.m3u8", {}, now, http::Reply{[&](http::Response r) { live = std::move(r); }});
    p.answer(request, "1a/2.ts", {}, now, http::Reply{[&](http::Response r) { media = std::move(r); }});
    p.answer(request, "", {}, now, http::Reply{[&](http::Response r) { nothing = std::move(r); }});
    const std::string text{as_text(*live.shared)};
    CHECK(text.find("EXT-X-MAP") == std::string::npos);
    CHECK(describe(check_playlist(std::nullopt, text)) == "");
    CHECK(media.status == 200);
    CHECK(media.header("Content-Type") == "video/mp2t");
    CHECK(nothing.status == 404);
}
