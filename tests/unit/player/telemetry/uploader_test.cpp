#include "player/telemetry/uploader.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <random>
#include <utility>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::telemetry;
using namespace std::chrono_literals;
using tongke::test::TemporaryDir;

namespace {

SteadyTime at(double s) {
    return SteadyTime{1h} + std::chrono::duration_cast<SteadyTime::duration>(Seconds{s});
}

// A node whose disk is instant and whose relay is a function.
struct Bench {
    TemporaryDir dir;
    ManualClock clock;
    Spool spool{{.folder = dir.path(), .boot = "b1"}, [](auto f) { f(); }, [](auto f) { f(); }};
    std::vector<std::string> bodies;
    std::function<void(Result<UploaderPorts::Answer>)> reply;
    std::function<void()> timer;
    Milliseconds delay{};
    Uploader uploader{spool, clock, ports()};

    UploaderPorts ports() {
        return {.post =
                    [this](std::string body, auto done) {
                        bodies.push_back(std::move(body));
                        reply = std::move(done);
                    },
                .wait =
                    [this](Milliseconds d, std::function<void()> f) {
                        delay = d;
                        timer = std::move(f);
                    },
                .rooms = [] { return "[]"; },
                .upstream = [] { return "{}"; },
                .node = [] { return "n-1"; },
                .random = [] { return 0.5; }};
    }
    void event() {
        spool.append(RecordKind::event, "r", "",
                     [](auto seq) { return "{\"seq\":" + std::to_string(seq) + "}"; });
        uploader.news();
    }
    void fire() {
        clock.advance(delay);
        std::exchange(timer, nullptr)();
    }
    void answer(int status, std::string body) {
        std::exchange(reply, nullptr)(UploaderPorts::Answer{status, body, {}});
    }
};

}  // namespace

TEST_CASE("what the relay acknowledged is not sent again, what it did not is") {
    Bench b;
    b.event();
    b.event();
    b.uploader.start();
    b.fire();
    REQUIRE(b.bodies.size() == 1);
    b.answer(200, R"({"acknowledged":{"boot":"b1","seq":1},"window_s":5})");
    CHECK(b.spool.unacknowledged_count() == 1);
    b.fire();
    const auto second = boost::json::parse(b.bodies[1]);
    CHECK(second.at("seq_from") == 2);
    CHECK(second.at("events").as_array().size() == 1);
}

TEST_CASE("an answer lost after the relay stored the batch repeats the same events") {
    Bench b;
    b.event();
    b.uploader.start();
    b.fire();
    std::exchange(b.reply,
                  nullptr)(boost::system::errc::make_error_code(boost::system::errc::connection_reset));
    CHECK(b.delay == 0ms);  // the first retry of a single blip is immediate
    b.fire();
    CHECK(boost::json::parse(b.bodies[0]).at("events") == boost::json::parse(b.bodies[1]).at("events"));
}

TEST_CASE("an answer cannot acknowledge what it was not sent") {
    Bench b;
    b.event();
    b.uploader.start();
    b.fire();
    b.event();
    b.answer(200, R"({"acknowledged":{"boot":"b1","seq":900},"window_s":5})");
    CHECK(b.spool.unacknowledged_count() == 1);
}

TEST_CASE("answers that are not acknowledgements are failures and lose nothing") {
    for (const auto* body :
         {"", "<html>", "[]", "{}", R"({"acknowledged":{"boot":1,"seq":1}})",
          R"({"acknowledged":{"boot":"b1","seq":-1}})", R"({"acknowledged":null,"window_s":1e999})"}) {
        Bench b;
        b.event();
        b.uploader.start();
        b.fire();
        b.answer(200, body);
        CHECK(b.spool.unacknowledged_count() == 1);
        CHECK_FALSE(b.uploader.reached_relay());
        CHECK(b.timer);
    }
}

TEST_CASE("the relay's window is the time between heartbeats") {
    Bench b;
    b.uploader.start();
    b.fire();
    b.answer(200, R"({"acknowledged":null,"window_s":30})");
    CHECK(b.delay == 30s);
}

TEST_CASE("news goes out at once but not more than once a second") {
    UploadSchedule schedule([] { return 0.5; });
    schedule.begin(at(0));
    schedule.news(at(0));
    CHECK(schedule.due() == at(0));
    schedule.started(at(0));
    CHECK_FALSE(schedule.due().has_value());
    schedule.succeeded(at(0.1), {}, false);
    CHECK(schedule.due() == at(5));
    schedule.news(at(0.2));
    CHECK(schedule.due() == at(1));
}

TEST_CASE("after failures the delay is drawn from the whole of a doubling window, to a minute at most") {
    std::mt19937 random(7);
    UploadSchedule schedule([&] { return std::uniform_real_distribution<double>(0, 1)(random); });
    for (int n = 1; n <= 20; ++n) {
        schedule.started(at(0));
        schedule.failed(at(0));
        const auto delay = std::chrono::duration<double>(*schedule.due() - at(0)).count();
        const auto most = n == 1 ? 0.0 : std::min(60.0, 5.0 * std::pow(2.0, n - 2));
        INFO("failure " << n);
        CHECK(delay >= 0);
        CHECK(delay <= most);
    }
    schedule.news(at(1));
    CHECK(schedule.due() > at(1));  // news does not break the back-off
}

TEST_CASE("Retry-After is obeyed, with jitter") {
    UploadSchedule schedule([] { return 0.5; });
    schedule.started(at(0));
    schedule.failed(at(0), 20);
    CHECK(schedule.due() == at(22.5));
}

TEST_CASE("a random relay, losing requests and answers, receives each event at least once and in order") {
    for (unsigned seed = 1; seed <= 100; ++seed) {
        std::mt19937 random(seed);
        Bench b;
        b.uploader.start();
        std::vector<std::int64_t> received;
        std::int64_t top = 0;
        int made = 0;
        for (int step = 0; step < 400; ++step) {
            if (made < 30 && random() % 4 == 0) b.event(), ++made;
            if (b.timer && !b.reply) b.fire();
            if (!b.reply) continue;
            const auto fate = random() % 3;
            if (fate == 0) {  // the request is lost
                std::exchange(b.reply,
                              nullptr)(boost::system::errc::make_error_code(boost::system::errc::timed_out));
                continue;
            }
            const auto sent = boost::json::parse(b.bodies.back());
            for (const auto& e : sent.at("events").as_array()) {
                const auto seq = e.at("seq").as_int64();
                REQUIRE(seq <= top + 1);  // nothing is skipped
                if (seq == top + 1) received.push_back(top = seq);
            }
            if (fate == 1)  // the answer is lost
                std::exchange(b.reply,
                              nullptr)(boost::system::errc::make_error_code(boost::system::errc::timed_out));
            else
                b.answer(200, top == 0
                                  ? R"({"acknowledged":null})"
                                  : R"({"acknowledged":{"boot":"b1","seq":)" + std::to_string(top) + "}}");
        }
        INFO("seed " << seed);
        REQUIRE(static_cast<int>(received.size()) == made);
        REQUIRE(b.spool.unacknowledged_count() == 0);
    }
}
