// tongke-test-player: plays a stream over RTMP and prints one JSON line per
// frame, with the frame numbers of CONTRACT.md §4. It can cut its own line and
// come back with resume=, and then goes on counting.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <thread>

#include "common/media/flv.hpp"
#include "tests/tools/connection.hpp"

using namespace tongke;
using tools::SteadyClock;

namespace {

struct Options {
    std::string url;
    std::int64_t resume = -1;
    double seconds = 10;
    double cut_after = 0;
    double cut_for = 1;
    int cuts = 1;
    double silence = 10;
};

class Player {
  public:
    explicit Player(const Options& options) : options_(options) {
        if (options.resume >= 0) last_ = options.resume;
    }

    void run() {
        const auto begin = SteadyClock::now();
        const auto end = begin + span(options_.seconds);
        for (int cut = 0; SteadyClock::now() < end; ++cut) {
            const bool cuts = options_.cut_after > 0 && cut < options_.cuts;
            play(cuts ? std::min(end, SteadyClock::now() + span(options_.cut_after)) : end);
            if (!cuts || SteadyClock::now() >= end) break;
            std::this_thread::sleep_for(span(options_.cut_for));
        }
        if (frames_ == 0) throw std::runtime_error("no frame came");
    }

  private:
    static SteadyClock::duration span(double seconds) {
        return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
    }

    void play(SteadyClock::time_point until) {
        tools::Connection connection(options_.url, rtmp::ClientOptions::Mode::play, last_);
        auto silent_at = SteadyClock::now() + span(options_.silence);
        while (SteadyClock::now() < until) {
            const auto events = connection.read(std::min(until, silent_at));
            if (events.empty() && SteadyClock::now() >= silent_at) throw std::runtime_error("nothing came");
            if (!events.empty()) silent_at = SteadyClock::now() + span(options_.silence);
            for (const auto& event : events) {
                if (const auto* ended = std::get_if<rtmp::Ended>(&event)) connection.fail(*ended);
                std::visit([this](const auto& e) { on(e); }, event);
            }
        }
        connection.cut();
    }

    void on(const rtmp::PlayStarted& e) {
        if (e.first_frame) last_ = *e.first_frame - 1;
        fmt::print("{{\"event\":\"play_start\",\"first_frame\":{},\"resumed\":{}}}\n",
                   e.first_frame.value_or(-1), e.resumed);
        std::fflush(stdout);
    }
    void on(const rtmp::Jump& e) {
        last_ = e.first_frame - 1;
        fmt::print("{{\"event\":\"jump\",\"first_frame\":{}}}\n", e.first_frame);
    }
    void on(const rtmp::SegmentOpening& e) {
        fmt::print(
            "{{\"event\":\"segment\",\"run\":\"{}\",\"msn\":{},\"pdt\":{},\"discontinuity\":{},\"timeline\":{"
            "}}}\n",
            e.mark.run, e.mark.msn, e.mark.pdt_ms, e.mark.discontinuity, e.timeline_ms);
    }
    void on(const rtmp::MediaReceived& e) {
        if (!flv::is_frame(e.kind, e.payload)) return;
        const bool video = e.kind == TrackKind::video;
        const std::size_t offset = video ? 5 : 2;
        ++frames_;
        last_ = last_.value_or(-1) + 1;
        fmt::print(
            "{{\"event\":\"frame\",\"number\":{},\"kind\":\"{}\",\"keyframe\":{},\"timestamp\":{},\"size\":{}"
            ",\"sha256\":\"{}\"}}\n",
            *last_, video ? "video" : "audio", video && e.payload[0] >> 4 == 1, e.timestamp,
            e.payload.size() - offset, tools::sha256(ByteView{e.payload}.subspan(offset)));
        std::fflush(stdout);
    }
    void on(const rtmp::UnsupportedMedia& e) { throw std::runtime_error("unsupported codec " + e.codec); }
    void on(const auto&) {}

    const Options& options_;
    std::optional<std::int64_t> last_;
    std::uint64_t frames_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("plays a stream over RTMP, one JSON line per frame");
    app.add_option("--url", options.url, "rtmp://HOST[:PORT]/live/STREAM?token=TOKEN")->required();
    app.add_option("--resume", options.resume, "continue after this frame");
    app.add_option("--seconds", options.seconds, "stop after this long");
    app.add_option("--cut-after", options.cut_after, "cut the line after this long, then resume");
    app.add_option("--cut-for", options.cut_for, "seconds between a cut and the next connection");
    app.add_option("--cuts", options.cuts, "how many cuts");
    app.add_option("--silence", options.silence, "fail when nothing comes for this long");
    CLI11_PARSE(app, argc, argv);
    try {
        Player(options).run();
        return 0;
    } catch (const std::exception& error) {
        std::fflush(stdout);
        std::cerr << "tongke-test-player: " << error.what() << "\n";
        return 1;
    }
}
