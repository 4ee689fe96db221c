// The whole Upstream over real sockets: a relay's HTTP side in miniature behind
// a line that can be held. Timing is proved on virtual time (tests/unit); here
// it is that the sockets do what the pull decides, and that nothing is left.
#include "common/pull/upstream.hpp"

#include <fmt/core.h>

#include <map>

#include "common/hls/presentation.hpp"
#include "common/http/router.hpp"
#include "common/http/server.hpp"
#include "tests/integration/upstream/faulty_line.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::pull;
using namespace std::chrono_literals;

namespace {

/// A segment each second, served by common/http and common/hls to whoever has the token.
class MiniRelay {
  public:
    explicit MiniRelay(boost::asio::io_context& io) : timer_(io.get_executor()) {
        auto init = std::make_shared<hls::InitSection>();
        init->name = "1a/init-0.mp4";
        init->codecs = "avc1.64001f";
        init->data = share_blob(Bytes{0, 0, 0, 8, 'f', 't', 'y', 'p'});
        init_ = init;
        const auto router = std::make_shared<http::Router>();
        router->add("GET", "/hls/main/{path...}", [this](const http::Request& request, http::Reply reply) {
            ++requests;
            http::Response refusal;
            refusal.status = 403;
            if (request.bearer_token() != "T") return reply(std::move(refusal));
            presentation_.answer(request, request.capture("path"), {}, clock_.now(), std::move(reply));
        });
        server_.emplace(std::vector{&io}, router, http::ServerOptions{});
        port = server_->listen("127.0.0.1:0").value();
        for (int i = 0; i < 10; ++i) add();
        tick();
    }
    void stop() {
        timer_.cancel();
        presentation_.release_waiting();
        server_->stop([] {});
    }
    static Bytes body(std::int64_t msn) {
        Bytes bytes(100'000, static_cast<std::uint8_t>(msn));
        const auto box = std::string("\0\0\0\x08styp", 8);
        std::copy(box.begin(), box.end(), bytes.begin());
        return bytes;
    }

    std::uint16_t port = 0;
    std::int64_t next = 40;
    int requests = 0;

  private:
    void add() {
        auto segment = std::make_shared<hls::Segment>();
        segment->run = "1a";
        segment->msn = next++;
        segment->duration_us = 1'000'000;
        segment->pdt_ms = 1'744'768'800'000 + segment->msn * 1000;
        segment->target_duration = 1;
        segment->name = fmt::format("1a/{}.m4s", segment->msn);
        segment->data = share_blob(body(segment->msn));
        segment->init = init_;
        REQUIRE(presentation_.add(segment, clock_.now()) == hls::AddResult::added);
    }
    void tick() {
        timer_.expires_after(1s);
        timer_.async_wait([this](Error error) {
            if (error) return;
            add();
            presentation_.expire(clock_.now());
            tick();
        });
    }

    SystemClock clock_;
    async::Timer timer_;
    std::shared_ptr<const hls::InitSection> init_;
    hls::Presentation presentation_;
    std::optional<http::Server> server_;
};

class Recorder final : public UpstreamSink {
  public:
    void on_segment(hls::SharedSegment segment, const SegmentArrival& arrival) override {
        CHECK(arrival.asked <= arrival.first_byte);
        CHECK(arrival.first_byte <= arrival.last_byte);
        if (!segments.empty()) CHECK(segment->msn == segments.back()->msn + 1);
        CHECK(as_text(*segment->data) == as_text(MiniRelay::body(segment->msn)));
        segments.push_back(std::move(segment));
        if (changed) changed();
    }
    void on_relay_answer(SteadyTime, std::int64_t) override { ++answers; }
    void on_lost(SteadyTime, LostReason reason) override {
        lost.push_back(reason);
        if (changed) changed();
    }
    void on_back(SteadyTime) override { ++back; }
    void on_progress(const UpstreamProgress& p) override { progress = p; }

    std::vector<hls::SharedSegment> segments;
    std::vector<LostReason> lost;
    int back = 0;
    int answers = 0;
    UpstreamProgress progress;
    std::function<void()> changed;
};

struct Setting {
    explicit Setting(std::vector<std::string> urls_before = {}) {
        UpstreamConfig config;
        config.urls = std::move(urls_before);
        config.urls.push_back(fmt::format("http://127.0.0.1:{}", line.port()));
        config.stream = "main";
        config.start_back_seconds = 4;
        config.token = [this](std::string_view) { return token; };
        upstream.emplace(io, clock, std::move(config), recorder);
    }
    ~Setting() {
        bool stopped = false;
        upstream->stop([&] {
            stopped = true;
            relay.stop();
            line.stop();
        });
        io.restart();
        io.run_for(10s);
        CHECK(stopped);
        CHECK(io.stopped());  // nothing is left to run
    }
    /// Runs until `done` holds; it is asked whenever something happened.
    bool until(const std::function<bool()>& done, std::chrono::seconds deadline = 20s) {
        recorder.changed = [&] {
            if (done()) io.stop();
        };
        io.restart();
        if (!done()) io.run_for(deadline);
        recorder.changed = {};
        return done();
    }
    std::int64_t last() const { return recorder.segments.empty() ? -1 : recorder.segments.back()->msn; }

    boost::asio::io_context io{1};
    SystemClock clock;
    std::string token = "T";
    MiniRelay relay{io};
    test::FaultyLine line{io, relay.port};
    Recorder recorder;
    std::optional<Upstream> upstream;
};

}  // namespace

TEST_CASE("segments come over the line as they were made, their number ready for the disk") {
    Setting s;
    s.upstream->start();
    REQUIRE(s.until([&] { return s.last() >= 52; }));
    CHECK(s.recorder.segments.front()->msn == 46);  // 4 s back from 49
    CHECK(s.recorder.lost.empty());
    CHECK(s.recorder.progress.last_msn == s.last());
    CHECK(s.upstream->counters().races == 0);
    CHECK(s.line.connections <= 4);  // the reload, two segments, the init section
    CHECK(s.upstream->status().state == UpstreamState::running);
    CHECK(s.upstream->status().transport == "hls");
}

TEST_CASE("a line held for four seconds loses no segment") {
    Setting s;
    s.upstream->start();
    REQUIRE(s.until([&] { return s.last() >= 50; }));
    s.line.hold();
    async::Timer end(s.io.get_executor(), 4s);
    end.async_wait([&](Error) { s.line.release(); });
    REQUIRE(s.until([&] { return s.last() >= 57; }));
    CHECK(s.recorder.lost == std::vector{LostReason::silent});
    CHECK(s.recorder.back == 1);
    CHECK(s.upstream->counters().races >= 2);
}

TEST_CASE("when one transport cannot be had the next address takes over") {
    Setting s({"rtmp://127.0.0.1:1"});
    s.upstream->start();
    REQUIRE(s.until([&] { return s.last() >= 55; }));
    CHECK(s.recorder.lost == std::vector{LostReason::connect_failed});
    CHECK(s.recorder.back == 1);
    CHECK(s.upstream->status().transport == "hls");
}

TEST_CASE("a refused token is said to be one, and a good one heals it") {
    Setting s;
    s.token = "wrong";
    s.upstream->start();
    REQUIRE(s.until([&] { return !s.recorder.lost.empty(); }));
    CHECK(s.recorder.lost[0] == LostReason::refused);
    s.token = "T";
    REQUIRE(s.until([&] { return !s.recorder.segments.empty(); }));
    CHECK(s.recorder.back == 1);
}

TEST_CASE("a pull can be stopped at any moment and started again where it was") {
    Setting s;
    for (const auto moment : {0ms, 1ms, 3ms, 10ms, 700ms}) {
        s.upstream->start();
        s.io.restart();
        s.io.run_for(moment);
        bool stopped = false;
        s.upstream->stop([&] {
            stopped = true;
            s.io.stop();
        });
        s.io.restart();
        s.io.run_for(5s);
        REQUIRE(stopped);
    }
    s.upstream->start();
    CHECK(s.until([&] { return s.last() >= 52; }));
}
