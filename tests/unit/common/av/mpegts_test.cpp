#include "common/av/mpegts.hpp"

#include <algorithm>
#include <map>

#include "common/av/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lesson.hpp"

using namespace tongke;
using namespace tongke::av;

namespace {

struct Packet {
    int pid = 0;
    bool begins = false;  // payload_unit_start_indicator
    bool payload = false;
    int counter = 0;
    bool random_access = false;
};

std::vector<Packet> packets(ByteView bytes) {
    std::vector<Packet> out;
    REQUIRE(bytes.size() % 188 == 0);
    for (std::size_t at = 0; at < bytes.size(); at += 188) {
        const auto p = bytes.subspan(at, 188);
        REQUIRE(p[0] == 0x47);
        const bool adaptation = (p[3] & 0x20) != 0 && p[4] > 0;
        out.push_back({(p[1] & 0x1F) << 8 | p[2], (p[1] & 0x40) != 0, (p[3] & 0x10) != 0, p[3] & 0xF,
                       adaptation && (p[5] & 0x40) != 0});
    }
    return out;
}

/// Two seconds of the lesson; `frames` keeps the payloads.
std::vector<Sample> two_seconds(test::Lesson& lesson, std::vector<Frame>& frames) {
    const auto until = lesson.now_ms() + 2000;
    frames.clear();
    while (lesson.now_ms() < until) frames.push_back(lesson.next());
    std::vector<Sample> out;
    for (const auto& frame : frames) {
        const bool video = frame.kind == TrackKind::video;
        Sample sample{.kind = frame.kind, .keyframe = frame.keyframe, .data = frame.elementary()};
        sample.dts = frame.dts_ms * (video ? 90 : 48);
        sample.pts = sample.dts + (video ? frame.cts_ms * 90 : 0);
        sample.duration = video ? 3600 : 1024;
        out.push_back(sample);
    }
    return out;
}

}  // namespace

TEST_CASE("each segment begins with its tables and a keyframe; the counters run on over the segments") {
    test::Lesson lesson;
    const Tracks tracks{lesson.video_track(), lesson.audio_track()};
    TsMuxer muxer;
    std::map<int, int> next;
    for (int i = 0; i < 5; ++i) {
        std::vector<Frame> frames;
        const auto samples = two_seconds(lesson, frames);
        const auto bytes = muxer.mux(tracks, samples);
        REQUIRE(bytes);
        const auto list = packets(*bytes);
        std::vector<int> begun;
        for (const auto& p : list) {
            if (p.begins && std::find(begun.begin(), begun.end(), p.pid) == begun.end())
                begun.push_back(p.pid);
            if (!next.contains(p.pid)) next[p.pid] = 0;
            if (!p.payload) continue;
            REQUIRE(p.counter == next[p.pid]);
            next[p.pid] = (next[p.pid] + 1) % 16;
        }
        // SDT 17, PAT 0 and PMT before the first picture.
        REQUIRE(begun.size() == 5);
        CHECK(std::find(begun.begin(), begun.begin() + 3, 0) != begun.begin() + 3);
        const auto first_media =
            std::find_if(list.begin(), list.end(), [&](const Packet& p) { return p.pid == begun[3]; });
        CHECK(first_media->random_access);
    }
}

TEST_CASE("what cannot be muxed to TS is an error, and the next segment goes on") {
    test::Lesson lesson;
    const Tracks tracks{lesson.video_track(), lesson.audio_track()};
    TsMuxer muxer;
    CHECK(muxer.mux(tracks, {}).error() == Errc::bad_sample);
    std::vector<Frame> frames;
    auto samples = two_seconds(lesson, frames);
    CHECK(muxer.mux({}, samples).error() == Errc::no_tracks);
    const auto before = muxer.mux(tracks, samples);
    REQUIRE(before);
    auto broken = samples;
    broken[10].data = {};
    CHECK_FALSE(muxer.mux(tracks, broken));
    // The segment is a gap: the counters go on from the last that was made.
    const auto after = muxer.mux(tracks, samples);
    REQUIRE(after);
    const auto of_table = [](const std::vector<Packet>& list) {
        std::vector<int> counters;
        for (const auto& p : list)
            if (p.pid == 0) counters.push_back(p.counter);
        return counters;
    };
    CHECK(of_table(packets(*after)).front() == (of_table(packets(*before)).back() + 1) % 16);
}
