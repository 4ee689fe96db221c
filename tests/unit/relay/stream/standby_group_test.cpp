#include "relay/stream/standby_group.hpp"

#include <algorithm>

#include "common/media/flv.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime kBegin{1h};

/// An encoder at 25 pictures a second, with two B-frames between others: presented in another order than
/// sent.
struct Encoder {
    StandbyGroup group;
    std::uint32_t timestamp = 0xFFFFFE00;  // runs over 2^32 on the way
    SteadyTime now = kBegin;
    int sent = 0;

    static std::int32_t cts(int index, bool keyframe) {
        constexpr std::int32_t kOrder[] = {40, 160, 40};
        return keyframe ? 80 : kOrder[index % 3];
    }
    void picture(bool keyframe, std::size_t size = 100) {
        IngestFrame frame;
        frame.keyframe = keyframe;
        frame.timestamp = timestamp;
        frame.cts_ms = cts(sent, keyframe);
        frame.arrival = now;
        auto body = test::video_tag(keyframe, static_cast<std::uint32_t>(sent), size);
        body[4] = static_cast<std::uint8_t>(frame.cts_ms);
        frame.payload = share(std::move(body));
        frame.payload_offset = flv::kVideoBodyOffset;
        group.add(1, frame);
        IngestFrame sound;
        sound.kind = TrackKind::audio;
        sound.timestamp = timestamp;
        sound.arrival = now;
        sound.payload = share(test::audio_tag(7));
        sound.payload_offset = flv::kAudioBodyOffset;
        group.add(1, sound);
        ++sent;
        now += 40ms;
        timestamp += 40;
    }
    void pictures(int count) {
        for (int i = 0; i < count; ++i) picture(i == 0);
    }
};

}  // namespace

TEST_CASE("what the standby sent before the source's end is shown quickly, in its order, then as sent") {
    Encoder e;
    e.pictures(75);  // 3 s
    const TimelineEdge edge{500'000, kBegin + 1s};
    const auto replay = e.group.replay(1, edge, 500'090);
    std::vector<std::int64_t> dts, pts;
    std::size_t sounds = 0;
    for (const auto& [frame, at, due] : replay.frames) {
        CHECK(at > edge.dts_ms);
        CHECK(frame.arrival >= edge.arrival);
        if (frame.kind == TrackKind::audio) {
            ++sounds;
            continue;
        }
        dts.push_back(at);
        pts.push_back(at + frame.cts_ms);
        CHECK(flv::parse_video_tag(*frame.payload)->cts_ms == frame.cts_ms);
    }
    REQUIRE(dts.size() == 75);
    CHECK(sounds == 49);  // those after the edge
    for (std::size_t i = 1; i < dts.size(); ++i) CHECK(dts[i] > dts[i - 1]);
    CHECK(dts[30] == 500'000 + 200);
    CHECK(dts[74] == 500'000 + 2'000 - 40);
    // The order in which they are shown is the encoder's own.
    std::vector<std::int64_t> natural;
    for (int i = 0; i < 75; ++i) natural.push_back(i * 40 + Encoder::cts(i, i == 0));
    for (std::size_t i = 0; i < 75; ++i)
        for (std::size_t k = 0; k < i; ++k) CHECK((natural[k] < natural[i]) == (pts[k] < pts[i]));
    // After the other encoder's last picture.
    CHECK(*std::min_element(pts.begin(), pts.end()) > 500'090);
    // What comes next goes on from there.
    CHECK(replay.dts_ms + static_cast<std::int32_t>(e.timestamp - replay.timestamp) == 500'000 + 2'000);
}

TEST_CASE("a keyframe after the source's end is shown when it came") {
    Encoder e;
    e.pictures(10);
    const auto replay = e.group.replay(1, {500'000, kBegin - 700ms}, 0);
    REQUIRE(replay.frames.size() == 20);
    CHECK(replay.frames.front().dts_ms == 500'700);
    CHECK(replay.frames.back().dts_ms == 500'700 + 9 * 40);
    CHECK(replay.begin == kBegin);
}

TEST_CASE("a group is one keyframe's, one publication's, taken once, and bounded") {
    Encoder e;
    e.picture(false);
    CHECK(e.group.replay(1, {0, kBegin}, 0).frames.empty());
    e.pictures(10);
    e.pictures(5);
    CHECK(e.group.replay(2, {0, kBegin - 1s}, 0).frames.empty());
    e.pictures(5);
    CHECK(e.group.replay(1, {0, kBegin - 1s}, 0).frames.size() == 10);
    CHECK(e.group.replay(1, {0, kBegin - 1s}, 0).frames.empty());
    e.picture(true);
    for (int i = 0; i < 17; ++i) e.picture(false, 1u << 20);
    CHECK(e.group.replay(1, {0, kBegin - 1s}, 0).frames.empty());
}

TEST_CASE("pictures that come in less time than their number keep their order") {
    Encoder e;
    e.pictures(250);  // 10 s, all of it before the edge
    const auto replay = e.group.replay(1, {500'000, e.now}, 0);
    std::int64_t before = 500'000;
    for (const auto& [frame, at, due] : replay.frames) {
        CHECK(frame.kind == TrackKind::video);
        CHECK(at > before);
        CHECK(due <= 500'000);
        before = at;
    }
    CHECK(replay.frames.size() == 250);
    CHECK(before <= 500'267);
}

TEST_CASE("a group in which the clock jumped is given up until the next keyframe") {
    Encoder e;
    e.pictures(10);
    e.timestamp += 3'600'000;
    e.picture(false);
    CHECK_FALSE(e.group.keyframe(1));
    e.pictures(10);
    CHECK(e.group.keyframe(1));
    e.timestamp -= 10'000;
    e.picture(false);
    CHECK_FALSE(e.group.keyframe(1));
}
