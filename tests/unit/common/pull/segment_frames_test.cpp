#include "common/pull/segment_frames.hpp"

#include <algorithm>

#include "common/hls/packager.hpp"
#include "common/hls/segmenter.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lesson.hpp"

using namespace tongke;
using namespace tongke::pull;

namespace {

/// A relay's frames, numbered and marked, and the segments that its packager makes of them.
struct Origin {
    explicit Origin(std::int64_t first_number = 1'000'000, std::int64_t first_msn = 70,
                    std::string run = "1a")
        : number(first_number),
          msn(first_msn),
          segmenter({.run = std::move(run), .pdt_offset_ms = 1'744'768'800'000}, [this] { return msn++; }) {}

    void add(Frame frame, bool discontinuity = false) {
        frame.number = number++;
        frame.opens_segment = segmenter.on_frame(frame.kind, frame.keyframe, frame.dts_ms, discontinuity);
        frames.push_back(std::make_shared<const Frame>(std::move(frame)));
        packager.on_frame(frames.back());
    }
    void play_until(std::int64_t ms) {
        while (lesson.now_ms() < ms) add(lesson.next());
    }

    std::int64_t number, msn;
    hls::Segmenter segmenter;
    test::Lesson lesson;
    std::vector<SharedFrame> frames;
    std::vector<hls::SharedSegment> segments;
    hls::Packager packager{[this](hls::SharedSegment s) { segments.push_back(std::move(s)); }};
};

struct Taken final : FrameSink {
    void frame(const SharedFrame& f) override { frames.push_back(f); }
    void numbers_begin_anew() override { ++anew; }
    std::vector<SharedFrame> frames;
    int anew = 0;
};

void check_same(const Frame& is, const Frame& was) {
    INFO("frame " << was.number);
    REQUIRE(is.number == was.number);
    CHECK(is.kind == was.kind);
    CHECK(is.keyframe == was.keyframe);
    CHECK(is.dts_ms == was.dts_ms);
    CHECK(is.cts_ms == was.cts_ms);
    CHECK(*is.payload == *was.payload);
    CHECK(same_parameters(is.track, was.track));
    REQUIRE(is.opens_segment.has_value() == was.opens_segment.has_value());
    if (!is.opens_segment) return;
    CHECK(is.opens_segment->run == was.opens_segment->run);
    CHECK(is.opens_segment->msn == was.opens_segment->msn);
    CHECK(is.opens_segment->pdt_ms == was.opens_segment->pdt_ms);
    CHECK(is.opens_segment->discontinuity == was.opens_segment->discontinuity);
}

}  // namespace

TEST_CASE("the frames of a relay's segments are the relay's frames, in order and none twice") {
    // Sound behind the picture and before it: then a segment holds frames whose numbers are its neighbour's.
    const auto lag = GENERATE(std::int64_t{0}, std::int64_t{-150}, std::int64_t{150});
    Origin origin;
    std::vector<Frame> waiting;
    for (int i = 0; i < 1200; ++i) {
        auto frame = origin.lesson.next();
        if (frame.kind == TrackKind::audio) frame.dts_ms += lag + 500;
        if (frame.kind == TrackKind::video) frame.dts_ms += 500;
        origin.add(frame, i == 600);
    }
    Taken taken;
    SegmentFrames frames(taken);
    for (const auto& segment : origin.segments) REQUIRE(frames.take(*segment, SteadyTime{}));
    REQUIRE(taken.frames.size() > 900);
    CHECK(taken.frames.front()->opens_segment);
    const auto offset = taken.frames.front()->number - origin.frames.front()->number;
    for (std::size_t i = 0; i < taken.frames.size(); ++i)
        check_same(*taken.frames[i], *origin.frames[i + static_cast<std::size_t>(offset)]);
    CHECK(origin.frames.size() - taken.frames.size() - static_cast<std::size_t>(offset) < 200);
    CHECK(taken.anew == 0);
    CHECK(
        std::none_of(taken.frames.begin(), taken.frames.end(), [](const auto& f) { return f->after_hole; }));
}

TEST_CASE("sound that came too late for any segment travels all the same") {
    Origin origin;
    origin.play_until(4'500);
    auto late = origin.lesson.next();
    while (late.kind != TrackKind::audio) {
        origin.add(late);
        late = origin.lesson.next();
    }
    late.dts_ms -= 3'000;
    origin.add(late);
    origin.play_until(12'000);
    Taken taken;
    SegmentFrames frames(taken);
    for (const auto& segment : origin.segments) REQUIRE(frames.take(*segment, SteadyTime{}));
    for (std::size_t i = 1; i < taken.frames.size(); ++i)
        REQUIRE(taken.frames[i]->number == taken.frames[i - 1]->number + 1);
}

TEST_CASE("a segment that is missing is a hole before the next one's keyframe") {
    Origin origin;
    origin.play_until(12'000);
    const bool as_gap = GENERATE(true, false);
    Taken taken;
    SegmentFrames frames(taken);
    for (std::size_t i = 0; i < origin.segments.size(); ++i) {
        auto segment = *origin.segments[i];
        if (i == 2) {
            if (!as_gap) continue;
            segment.gap = true;
            segment.data = nullptr;
        }
        REQUIRE(frames.take(segment, SteadyTime{}));
    }
    int holes = 0;
    for (std::size_t i = 1; i < taken.frames.size(); ++i) {
        const auto step = taken.frames[i]->number - taken.frames[i - 1]->number;
        REQUIRE(step > 0);
        CHECK((step > 1) == taken.frames[i]->after_hole);
        if (step == 1) continue;
        ++holes;
        CHECK(taken.frames[i]->keyframe);
        CHECK(taken.frames[i]->opens_segment);
    }
    CHECK(holes == 1);
    CHECK(taken.anew == 0);
}

TEST_CASE("the relay starts anew: its numbers jump, or begin below") {
    Origin before, above(5'000'000, 200, "2b"), below(5'000, 300, "3c");
    for (auto* origin : {&before, &above, &below}) origin->play_until(8'000);
    Taken taken;
    SegmentFrames frames(taken);
    for (auto* origin : {&before, &above})
        for (const auto& segment : origin->segments) REQUIRE(frames.take(*segment, SteadyTime{}));
    CHECK(taken.anew == 0);
    const auto first = std::find_if(taken.frames.begin(), taken.frames.end(),
                                    [](const auto& f) { return f->number >= 5'000'000; });
    REQUIRE(first != taken.frames.end());
    CHECK((*first)->after_hole);
    CHECK((*first)->opens_segment->run == "2b");
    for (const auto& segment : below.segments) REQUIRE(frames.take(*segment, SteadyTime{}));
    CHECK(taken.anew == 1);
    CHECK(taken.frames.back()->number < 10'000);
}

TEST_CASE("segments of another relay, or broken ones, say why and leave a hole") {
    Origin origin;
    origin.play_until(12'000);
    Taken taken;
    SegmentFrames frames(taken);
    REQUIRE(frames.take(*origin.segments[0], SteadyTime{}));
    auto other = *origin.segments[1];
    const ByteView bytes = *other.data;
    const auto box = as_text(bytes).rfind("uuid") - 4;
    other.data = share_blob(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(box)));
    CHECK(frames.take(other, SteadyTime{}).error() == SegmentError::no_frame_index);
    auto fewer = *origin.segments[2];  // the index of one, the samples of another
    auto mixed = Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(box));
    const auto& third = *origin.segments[2]->data;
    const auto third_box = as_text(third).rfind("uuid") - 4;
    mixed.insert(mixed.end(), third.begin() + static_cast<std::ptrdiff_t>(third_box), third.end());
    mixed.erase(mixed.begin() + 8, mixed.begin() + 60);
    fewer.data = share_blob(mixed);
    CHECK_FALSE(frames.take(fewer, SteadyTime{}));
    REQUIRE(frames.take(*origin.segments[3], SteadyTime{}));
    CHECK(std::count_if(taken.frames.begin(), taken.frames.end(),
                        [](const auto& f) { return f->after_hole; }) == 1);
}
