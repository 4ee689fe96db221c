// tongke-test-publisher: publishes an FLV file over RTMP in real time, from any
// 32-bit timestamp on (ffmpeg cannot go above 0x7FFFFFFF), in a loop on one
// continuous timeline if asked. One JSON line per frame sent, if asked.
#include <fmt/core.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "common/media/flv.hpp"
#include "tests/tools/connection.hpp"

using namespace tongke;
using tools::SteadyClock;

namespace {

struct Options {
    std::string url, file, frames;
    std::uint32_t start_timestamp = 0;
    double seconds = 0;
    bool loop = false;
    bool cut = false;
};

std::vector<flv::FileTag> read_tags(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    auto tags = flv::FileReader().feed(as_bytes(bytes)).value();
    if (tags.empty()) throw std::runtime_error(path + ": no tags");
    return tags;
}

TrackKind kind_of(const flv::FileTag& tag) { return tag.type == 9 ? TrackKind::video : TrackKind::audio; }

/// Length of one pass in ms: the span of the timestamps and one more frame.
std::uint32_t pass_length(const std::vector<flv::FileTag>& tags) {
    std::uint32_t last = 0, before = 0;
    for (const auto& tag : tags) {
        if (tag.type != 9 || tag.timestamp == last) continue;
        before = last;
        last = tag.timestamp;
    }
    for (const auto& tag : tags) last = std::max(last, tag.timestamp);
    return last + std::max<std::uint32_t>(tags.empty() ? 0 : last - std::min(last, before), 1);
}

class Publisher {
  public:
    Publisher(const Options& options, std::ostream* frames)
        : options_(options), frames_(frames), connection_(options.url, rtmp::ClientOptions::Mode::publish) {}

    void run() {
        const auto tags = read_tags(options_.file);
        wait_for_start();
        begin_ = SteadyClock::now();
        const auto length = pass_length(tags);
        std::uint32_t base = 0;
        do {
            for (const auto& tag : tags) {
                if (!send(tag, base)) return finish();
            }
            base += length;
        } while (options_.loop);
        finish();
    }

  private:
    void wait_for_start() {
        const auto deadline = SteadyClock::now() + std::chrono::seconds(10);
        while (SteadyClock::now() < deadline) {
            for (const auto& event : connection_.read(deadline)) {
                if (std::holds_alternative<rtmp::PublishStarted>(event)) return;
                if (const auto* ended = std::get_if<rtmp::Ended>(&event)) connection_.fail(*ended);
            }
        }
        throw std::runtime_error("publishing was not accepted within 10 s");
    }

    bool send(const flv::FileTag& tag, std::uint32_t base) {
        const auto offset = base + tag.timestamp;
        const auto due = begin_ + std::chrono::milliseconds(offset);
        if (options_.seconds > 0 && offset > options_.seconds * 1000) return false;
        while (SteadyClock::now() < due) {
            for (const auto& event : connection_.read(due)) {
                if (const auto* ended = std::get_if<rtmp::Ended>(&event)) connection_.fail(*ended);
            }
        }
        const auto timestamp = options_.start_timestamp + offset;
        if (tag.type == 18) {
            if (base == 0) connection_.session().send_data(timestamp, tag.body);
        } else if (tag.type == 8 || tag.type == 9) {
            connection_.session().send_media(kind_of(tag), timestamp, tag.body);
            note(tag, timestamp);
        }
        connection_.flush();
        return true;
    }

    void note(const flv::FileTag& tag, std::uint32_t timestamp) {
        const auto kind = kind_of(tag);
        if (!frames_ || !flv::is_frame(kind, tag.body)) return;
        const std::size_t offset = kind == TrackKind::video ? 5 : 2;
        fmt::print(*frames_, "{{\"kind\":\"{}\",\"timestamp\":{},\"size\":{},\"sha256\":\"{}\"}}\n",
                   kind == TrackKind::video ? "video" : "audio", timestamp, tag.body.size() - offset,
                   tools::sha256(ByteView{tag.body}.subspan(offset)));
        frames_->flush();
    }

    void finish() {
        if (options_.cut) return connection_.cut();
        connection_.session().close();
        connection_.flush();
    }

    const Options& options_;
    std::ostream* frames_;
    tools::Connection connection_;
    SteadyClock::time_point begin_{};
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("publishes an FLV file over RTMP in real time");
    app.add_option("--url", options.url, "rtmp://HOST[:PORT]/live/STREAM?key=KEY")->required();
    app.add_option("--file", options.file, "FLV, H.264 and AAC")->required();
    app.add_option("--start-timestamp", options.start_timestamp, "timestamp of the first frame, ms");
    app.add_option("--seconds", options.seconds, "stop after this much media");
    app.add_option("--frames", options.frames, "write one JSON line per frame sent to this file");
    app.add_flag("--loop", options.loop, "begin again at the end, timestamps going on");
    app.add_flag("--cut", options.cut, "end with a reset instead of a farewell");
    CLI11_PARSE(app, argc, argv);
    try {
        std::ofstream frames;
        if (!options.frames.empty()) frames.open(options.frames);
        Publisher(options, options.frames.empty() ? nullptr : &frames).run();
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "tongke-test-publisher: " << error.what() << "\n";
        return 1;
    }
}
