#include "common/hls/frame_index.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::hls;

namespace {

FrameIndex some_index() {
    FrameIndex index;
    index.parameter_bytes = 53;
    index.frames.push_back({.number = 446'655'443'322'112,
                            .keyframe = true,
                            .opens_segment = true,
                            .dts_ms = 0x1'FFFF'FFF0,
                            .cts_ms = 80});
    index.frames.push_back(
        {.number = 446'655'443'322'113, .kind = TrackKind::audio, .dts_ms = 0x1'FFFF'FFE0});
    index.frames.push_back({.number = 446'655'443'322'120,
                            .kind = TrackKind::audio,
                            .dts_ms = 0x2'0000'0001,
                            .aside = share({1, 2, 3})});
    index.frames.push_back({.number = 446'655'443'400'000, .dts_ms = 0x2'0000'0018, .cts_ms = -40});
    return index;
}

}  // namespace

TEST_CASE("what is written behind a segment is read from it") {
    const auto index = some_index();
    Bytes segment{0, 0, 0, 12, 'm', 'o', 'o', 'f', 9, 9, 9, 9, 0, 0, 0, 8, 'm', 'd', 'a', 't'};
    const auto box = write_frame_index(index);
    segment.insert(segment.end(), box.begin(), box.end());
    const auto read = read_frame_index(segment);
    REQUIRE(read);
    CHECK(read->parameter_bytes == 53);
    REQUIRE(read->frames.size() == index.frames.size());
    for (std::size_t i = 0; i < index.frames.size(); ++i) {
        const auto& a = index.frames[i];
        const auto& b = read->frames[i];
        CHECK(b.number == a.number);
        CHECK(b.kind == a.kind);
        CHECK(b.keyframe == a.keyframe);
        CHECK(b.opens_segment == a.opens_segment);
        CHECK(b.dts_ms == a.dts_ms);
        CHECK(b.cts_ms == a.cts_ms);
        CHECK((b.aside ? *b.aside : Bytes{}) == (a.aside ? *a.aside : Bytes{}));
    }
}

TEST_CASE("a frame costs few bytes") {
    FrameIndex index;
    for (int i = 0; i < 144; ++i)
        index.frames.push_back({.number = 446'655'443'322'112 + i,
                                .kind = i % 3 ? TrackKind::audio : TrackKind::video,
                                .dts_ms = 36'000'000 + i * 14});
    CHECK(write_frame_index(index).size() < 144 * 5 + 64);
}

TEST_CASE("a box that is cut, of another version or out of order is none") {
    auto box = write_frame_index(some_index());
    REQUIRE(read_frame_index(box));
    for (std::size_t size = 0; size < box.size(); ++size)
        CHECK_FALSE(read_frame_index(ByteView{box}.first(size)));
    auto shorter = box;  // its length says less than it holds
    shorter[3] = static_cast<std::uint8_t>(shorter[3] - 2);
    CHECK_FALSE(read_frame_index(shorter));
    auto version = box;
    version[24] = 2;
    CHECK_FALSE(read_frame_index(version));
    auto index = some_index();
    std::swap(index.frames[1], index.frames[2]);
    CHECK_FALSE(read_frame_index(write_frame_index(index)));
    index.frames[1] = index.frames[2];
    CHECK_FALSE(read_frame_index(write_frame_index(index)));
    CHECK_FALSE(read_frame_index(as_bytes("a page of a captive portal, which is no box at all")));
    CHECK_FALSE(read_frame_index(Bytes(64, 0xff)));
}
