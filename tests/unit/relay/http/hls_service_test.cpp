#include "relay/http/hls_service.hpp"

#include <fmt/core.h>

#include <deque>

#include "common/auth/error.hpp"
#include "common/hls/playlist.hpp"
#include "relay/http/hls_clients.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hls_rules.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

hls::SharedSegment make_segment(std::int64_t msn, bool discontinuity = false) {
    auto init = std::make_shared<hls::InitSection>();
    init->name = "1a/init-0.mp4";
    init->data = share_blob(Bytes(300, 1));
    init->codecs = "avc1.64001f";
    auto segment = std::make_shared<hls::Segment>();
    segment->run = "1a";
    segment->msn = msn;
    segment->duration_us = 2'000'000;
    segment->pdt_ms = 1'744'768'800'000 + msn * 2000;
    segment->target_duration = 2;
    segment->discontinuity = discontinuity;
    segment->name = fmt::format("1a/{}.m4s", msn);
    segment->data = share_blob(Bytes(1000, 2));
    segment->init = init;
    return segment;
}

/// Two workers whose posts run when told, one stream "main", tokens "good", "late" and "other".
class Bench {
  public:
    Bench() {
        service.add_stream("main", 60);
        service.register_routes(router);
    }
    void run_worker(std::size_t worker) {
        while (!posts[worker].empty()) {
            auto work = std::move(posts[worker].front());
            posts[worker].pop_front();
            work();
        }
    }
    void publish(std::int64_t first, std::int64_t last) {
        for (auto msn = first; msn <= last; ++msn) {
            service.publish("main", make_segment(msn));
            run_worker(0);
            run_worker(1);
        }
    }
    http::Response get(std::string path, std::string bearer = "good", int worker = 0,
                       std::string method = "GET") {
        http::Response out{.status = 0};
        ask(std::move(path), std::move(bearer), worker, std::move(method), out);
        return out;
    }
    void ask(std::string target, std::string bearer, int worker, std::string method, http::Response& out) {
        http::Request request{.method = std::move(method), .target = target, .worker = worker};
        request.peer = "192.0.2.7";
        const auto question = std::min(target.find('?'), target.size());
        request.path = target.substr(0, question);
        if (const auto equals = target.find('=', question); equals != std::string::npos)
            request.query.emplace_back(target.substr(question + 1, equals - question - 1),
                                       target.substr(equals + 1));
        if (!bearer.empty()) request.headers.emplace_back("authorization", "Bearer " + bearer);
        router.handle(request, http::Reply{[this, &out, request](http::Response r) {
                          service.finish(request, r);
                          out = std::move(r);
                      }});
    }
    static std::string body(const http::Response& r) {
        return r.shared ? std::string{as_text(*r.shared)} : r.text;
    }
    static std::int64_t newest(const http::Response& r) {
        return std::get<hls::MediaPlaylist>(hls::parse_playlist(body(r)).value()).entries.back().msn;
    }
    bool metric(const std::string& line) const { return metrics.text().find(line) != std::string::npos; }

    static Result<auth::PlayToken> verify(std::string_view token, std::string_view stream,
                                          auth::PlayMoment moment) {
        if (token == "other") return auth::AuthError::not_this_stream;
        if (token == "late" && moment == auth::PlayMoment::join) return auth::AuthError::join_over;
        if (token != "good" && token != "late") return auth::AuthError::bad_signature;
        return auth::PlayToken{.node = "n-1", .stream = std::string{stream}};
    }

    ManualClock clock;
    metrics::Metrics metrics;
    std::deque<std::function<void()>> posts[2];
    std::vector<HlsRefusal> refusals;
    int clients = 0;
    HlsService service{
        {.clock = clock,
         .metrics = metrics,
         .workers = 2,
         .post = [this](std::size_t w, std::function<void()> f) { posts[w].push_back(std::move(f)); },
         .verify = verify,
         .on_refused = [this](const HlsRefusal& r) { refusals.push_back(r); },
         .on_clients = [this](const std::string&, int by) { clients += by; }}};
    http::Router router;
};

}  // namespace

TEST_CASE("a stream that nobody publishes is 503, an unknown one 404") {
    Bench bench;
    const auto waiting = bench.get("/hls/main/index.m3u8");
    CHECK(waiting.status == 503);
    CHECK(waiting.header("Retry-After") == "1");
    CHECK(bench.get("/hls/none/index.m3u8").status == 404);
    CHECK(bench.get("/hls/main/nothing.m4s").status == 404);
}

TEST_CASE("no request passes without a valid token, and each refusal is counted and told") {
    Bench bench;
    bench.publish(1, 3);
    for (const std::string path : {"index.m3u8", "live.m3u8", "1a/2.m4s", "1a/init-0.mp4", "nothing"}) {
        CHECK(bench.get("/hls/main/" + path, "").status == 401);
        CHECK(bench.get("/hls/main/" + path, "forged").status == 401);
        CHECK(bench.get("/hls/main/" + path, "other").status == 403);
        CHECK(bench.get("/hls/main/" + path + "?token=forged", "").status == 401);
    }
    CHECK(bench.refusals.size() == 20);
    CHECK(bench.refusals[0].reason == "no_token");
    CHECK(bench.metric("tongke_refused_total{reason=\"bad_signature\"} 10"));
    CHECK(bench.metric("tongke_refused_total{reason=\"not_this_stream\"} 5"));
    CHECK(bench.clients == 0);
}

TEST_CASE("whoever joined in time may stay after join_until") {
    Bench bench;
    bench.publish(1, 3);
    CHECK(bench.get("/hls/main/index.m3u8", "late").status == 403);
    CHECK(bench.get("/hls/main/live.m3u8", "late").status == 200);
    CHECK(bench.get("/hls/main/1a/3.m4s", "late").status == 200);
}

TEST_CASE("a token in the address goes into every URI, one in the header into none") {
    Bench bench;
    bench.publish(1, 3);
    const auto personal = bench.get("/hls/main/live.m3u8?token=good", "");
    CHECK_THAT(Bench::body(personal), Catch::Contains("1a/3.m4s?token=good\n"));
    CHECK_THAT(Bench::body(personal), Catch::Contains("URI=\"1a/init-0.mp4?token=good\""));
    CHECK(personal.header("Cache-Control") == "private, no-store");
    const auto shared = bench.get("/hls/main/live.m3u8");
    CHECK_THAT(Bench::body(shared), !Catch::Contains("token"));
    CHECK(shared.header("Cache-Control") == "max-age=1");
    CHECK(bench.get("/hls/main/1a/3.m4s?token=good", "").shared == bench.get("/hls/main/1a/3.m4s").shared);
}

TEST_CASE("every answer allows every origin, errors and preflights too") {
    Bench bench;
    bench.publish(1, 1);
    for (const auto& response :
         {bench.get("/hls/main/live.m3u8"), bench.get("/hls/main/live.m3u8", ""), bench.get("/hls/none/x"),
          bench.get("/hls/main/live.m3u8", "", 0, "OPTIONS")})
        CHECK(response.header("Access-Control-Allow-Origin") == "*");
    const auto preflight = bench.get("/hls/main/live.m3u8", "", 0, "OPTIONS");
    CHECK(preflight.status == 204);
    CHECK_THAT(std::string{preflight.header("Access-Control-Allow-Headers")},
               Catch::Contains("Authorization"));
}

TEST_CASE("what one worker has told is true on the other before its post has come") {
    Bench bench;
    bench.publish(1, 3);
    bench.service.publish("main", make_segment(4));
    bench.service.publish("main", make_segment(5));
    bench.run_worker(0);
    CHECK(Bench::newest(bench.get("/hls/main/live.m3u8", "good", 0)) == 5);
    CHECK(bench.get("/hls/main/1a/5.m4s", "good", 1).status == 200);
    CHECK(Bench::newest(bench.get("/hls/main/live.m3u8", "good", 1)) == 5);
    bench.run_worker(1);
    CHECK(Bench::newest(bench.get("/hls/main/live.m3u8", "good", 1)) == 5);
}

TEST_CASE("a worker that is asked first of all knows the first segment") {
    Bench bench;
    bench.service.publish("main", make_segment(1));
    CHECK(Bench::newest(bench.get("/hls/main/live.m3u8", "good", 1)) == 1);
}

TEST_CASE("a blocked reload is answered on its worker and let go at the stop") {
    Bench bench;
    bench.publish(1, 3);
    http::Response waiting{.status = 0}, left{.status = 0};
    bench.ask("/hls/main/live.m3u8?_HLS_msn=4", "good", 1, "GET", waiting);
    bench.service.publish("main", make_segment(4));
    CHECK(waiting.status == 0);
    bench.run_worker(1);
    CHECK(Bench::newest(waiting) == 4);
    bench.ask("/hls/main/live.m3u8?_HLS_msn=5", "good", 1, "GET", left);
    bench.service.stop(1);
    CHECK(left.status == 503);
}

TEST_CASE("a blocked reload ends by the clock of tick") {
    Bench bench;
    bench.publish(1, 3);
    http::Response waiting{.status = 0};
    bench.ask("/hls/main/live.m3u8?_HLS_msn=4", "good", 1, "GET", waiting);
    bench.clock.advance(6s);
    bench.service.tick(1);
    CHECK(waiting.status == 503);
}

TEST_CASE("nobody joins a stream that ended until it goes on, and no rule is broken") {
    Bench bench;
    bench.publish(1, 3);
    const auto before = Bench::body(bench.get("/hls/main/live.m3u8"));
    bench.service.stream_ended("main");
    bench.run_worker(0);
    CHECK(bench.get("/hls/main/index.m3u8").status == 503);
    CHECK(bench.get("/hls/main/live.m3u8").status == 200);
    bench.service.publish("main", make_segment(4, true));
    bench.run_worker(0);
    const auto after = bench.get("/hls/main/live.m3u8");
    CHECK(after.status == 200);
    CHECK(hls::describe(hls::check_playlist(before, Bench::body(after))) == "");
}

TEST_CASE("bytes sent are counted, but not those of HEAD") {
    Bench bench;
    bench.publish(1, 1);
    CHECK(bench.get("/hls/main/1a/1.m4s", "good", 0, "HEAD").status == 200);
    CHECK(bench.metric("tongke_sent_bytes_total{transport=\"hls\"} 0"));
    bench.get("/hls/main/1a/1.m4s");
    CHECK(bench.metric("tongke_sent_bytes_total{transport=\"hls\"} 1000"));
}

TEST_CASE("a client is one token at one address, for as long as it keeps asking") {
    Bench bench;
    bench.publish(1, 3);
    for (int i = 0; i < 10; ++i) bench.get("/hls/main/live.m3u8", "good", i % 2);
    CHECK(bench.clients == 1);
    bench.get("/hls/main/live.m3u8", "late");
    CHECK(bench.clients == 2);
    bench.clock.advance(20s);
    bench.get("/hls/main/live.m3u8", "late");
    bench.clock.advance(15s);
    bench.service.tick(0);
    CHECK(bench.clients == 1);
}

TEST_CASE("the memory of clients is bounded") {
    HlsClients clients{30s, 10};
    int known = 0;
    for (int i = 0; i < 100; ++i) {
        http::Request request{.method = "GET"};
        request.peer = std::to_string(i);
        known += clients.seen("t", request, SteadyTime{});
    }
    CHECK(known == 10);
    CHECK(clients.count() == 10);
}

TEST_CASE("the same stream is served in TS below ts/, with the same rights and the same numbers") {
    Bench bench;
    const auto ts = [](std::int64_t msn) {
        auto segment = std::make_shared<hls::Segment>(*make_segment(msn));
        auto init = std::make_shared<hls::InitSection>(*segment->init);
        init->name.clear();
        init->data = nullptr;
        segment->init = std::move(init);
        segment->container = hls::Container::ts;
        segment->name = fmt::format("1a/{}.ts", msn);
        return segment;
    };
    bench.publish(1, 3);
    CHECK(bench.get("/hls/main/ts/index.m3u8").status == 503);
    for (std::int64_t msn = 1; msn <= 3; ++msn) bench.service.publish("main", ts(msn));
    // The other worker has not run its posts yet.
    const auto live = bench.get("/hls/main/ts/live.m3u8", "good", 1);
    REQUIRE(live.status == 200);
    CHECK(Bench::newest(live) == 3);
    CHECK(Bench::body(live).find("1a/3.ts") != std::string::npos);
    CHECK(Bench::body(live).find("EXT-X-MAP") == std::string::npos);
    bench.run_worker(0);
    bench.run_worker(1);
    CHECK(bench.get("/hls/main/ts/1a/2.ts").status == 200);
    CHECK(bench.get("/hls/main/1a/2.ts").status == 404);
    CHECK(bench.get("/hls/main/ts/1a/2.m4s").status == 404);
    CHECK(bench.get("/hls/main/ts/index.m3u8", "").status == 401);
    CHECK(bench.get("/hls/main/ts/1a/2.ts", "other").status == 403);
    CHECK(bench.get("/hls/main/ts/index.m3u8", "late").status == 403);
    const auto with_token = bench.get("/hls/main/ts/live.m3u8?token=good", "");
    CHECK(Bench::body(with_token).find("1a/3.ts?token=good") != std::string::npos);
    bench.service.stream_ended("main");
    bench.run_worker(0);
    CHECK(bench.get("/hls/main/ts/index.m3u8").status == 503);
    CHECK(bench.get("/hls/main/index.m3u8").status == 503);
}
