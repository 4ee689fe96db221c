// tongke-test-upstream: the node's pull alone, against any relay, printing one
// JSON line per segment and per loss of the line. For tests that cut the line.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <iostream>

#include "common/pull/upstream.hpp"
#include "tests/tools/connection.hpp"

using namespace tongke;
using namespace tongke::pull;

namespace {

class Printer final : public UpstreamSink {
  public:
    void on_segment(hls::SharedSegment segment, const SegmentArrival& arrival) override {
        ++segments;
        const auto ms = [&](SteadyTime t) {
            return std::chrono::duration<double, std::milli>(t - begin_).count();
        };
        fmt::print(
            "{{\"event\":\"segment\",\"at\":{:.0f},\"msn\":{},\"name\":\"{}\",\"init\":\"{}\",\"duration_"
            "us\":{},"
            "\"pdt\":{},\"discontinuity\":{},\"gap\":{},\"bytes\":{},\"asked\":{:.0f},\"first\":{:.0f},"
            "\"last\":{:.0f},"
            "\"sha256\":\"{}\"}}\n",
            ms(SteadyClock::now()), segment->msn, segment->name, segment->init ? segment->init->name : "",
            segment->duration_us, segment->pdt_ms, segment->discontinuity, segment->gap, arrival.bytes,
            ms(arrival.asked), ms(arrival.first_byte), ms(arrival.last_byte),
            segment->data ? tools::sha256(*segment->data) : "");
        std::fflush(stdout);
    }
    void on_relay_answer(SteadyTime, std::int64_t) override { ++answers; }
    void on_lost(SteadyTime since, LostReason reason) override { line("lost", since, label(reason)); }
    void on_back(SteadyTime at) override { line("back", at, ""); }
    void on_progress(const UpstreamProgress&) override {}

    std::uint64_t segments = 0, answers = 0;

  private:
    using SteadyClock = std::chrono::steady_clock;

    void line(const char* event, SteadyTime at, std::string_view reason) {
        const auto ms = [&](SteadyTime t) {
            return std::chrono::duration<double, std::milli>(t - begin_).count();
        };
        fmt::print("{{\"event\":\"{}\",\"at\":{:.0f},\"since\":{:.0f},\"reason\":\"{}\"}}\n", event,
                   ms(SteadyClock::now()), ms(at), reason);
        std::fflush(stdout);
    }

    SteadyTime begin_ = SteadyClock::now();
};

}  // namespace

int main(int argc, char** argv) {
    UpstreamConfig config;
    std::string token;
    double seconds = 10;
    CLI::App app("pulls a stream as a node does, one JSON line per segment");
    app.add_option("--url", config.urls, "http://HOST:PORT or rtmp://HOST:PORT, in order")->required();
    app.add_option("--stream", config.stream, "name of the stream")->required();
    app.add_option("--token", token, "play token");
    app.add_option("--ca", config.ca_file, "certificates to trust, PEM");
    app.add_option("--seconds", seconds, "stop after this long");
    CLI11_PARSE(app, argc, argv);
    config.token = [&token](std::string_view) { return token; };

    boost::asio::io_context io;
    const SystemClock clock;
    Printer printer;
    Upstream upstream(io, clock, std::move(config), printer);
    boost::asio::steady_timer end(io, std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
    upstream.start();
    end.async_wait([&](Error) { upstream.stop([&io] { io.stop(); }); });
    io.run();
    const auto counters = upstream.counters();
    fmt::print(
        "{{\"event\":\"end\",\"bytes\":{},\"segments\":{},\"missed\":{},\"races\":{},\"answers\":{}}}\n",
        counters.bytes, counters.segments, counters.segments_missed, counters.races, printer.answers);
    return printer.segments > 0 ? 0 : 1;
}
