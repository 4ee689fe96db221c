#include "common/hls/segmenter.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"

using namespace tongke;
using tongke::hls::Segmenter;
using tongke::hls::SegmenterConfig;

namespace {

struct Cut {
    std::int64_t at_ms;
    SegmentMark mark;
};

/// Feeds video at a frame rate with keyframes where told, and keeps the marks.
class Encoder {
  public:
    explicit Encoder(SegmenterConfig config = {})
        : segmenter_(std::move(config), [this] { return next_msn_++; }) {}

    void video(std::int64_t at_ms, bool keyframe, bool discontinuity = false) {
        put(TrackKind::video, keyframe, at_ms, discontinuity);
    }
    void audio(std::int64_t at_ms, bool discontinuity = false) {
        put(TrackKind::audio, false, at_ms, discontinuity);
    }
    /// Frames at `fps` from the current time on, a keyframe every `gop` frames.
    void run(double fps, int gop, double seconds) {
        const auto count = static_cast<int>(std::lround(fps * seconds));
        for (int i = 0; i < count; ++i)
            video(origin_ms_ + std::llround(i * 1000.0 / fps), i % gop == 0, std::exchange(breaks_, false));
        origin_ms_ += std::llround(count * 1000.0 / fps);
    }
    void jump(std::int64_t ms) { origin_ms_ += ms; }
    void announce_break() { breaks_ = true; }

    Segmenter& segmenter() { return segmenter_; }
    const std::vector<Cut>& cuts() const { return cuts_; }
    std::vector<std::int64_t> lengths() const {
        std::vector<std::int64_t> out;
        for (std::size_t i = 1; i < cuts_.size(); ++i) out.push_back(cuts_[i].at_ms - cuts_[i - 1].at_ms);
        return out;
    }

  private:
    void put(TrackKind kind, bool keyframe, std::int64_t at_ms, bool discontinuity) {
        if (auto mark = segmenter_.on_frame(kind, keyframe, at_ms, discontinuity))
            cuts_.push_back({at_ms, *mark});
    }

    std::int64_t next_msn_ = 100;
    std::int64_t origin_ms_ = 0;
    bool breaks_ = false;
    Segmenter segmenter_;
    std::vector<Cut> cuts_;
};

void require_rounded_lengths_within(const Encoder& encoder, int target_duration) {
    for (std::size_t i = 1; i < encoder.cuts().size(); ++i) {
        // What began before it was settled may be longer, and gets into no playlist.
        if (encoder.cuts()[i].mark.discontinuity || encoder.cuts()[i - 1].mark.target_duration == 0) continue;
        const auto ms = encoder.cuts()[i].at_ms - encoder.cuts()[i - 1].at_ms;
        CAPTURE(i, ms);
        REQUIRE(std::lround(static_cast<double>(ms) / 1000) <= target_duration);
    }
}

}  // namespace

TEST_CASE("a two second GOP gives two second segments that open at keyframes") {
    Encoder encoder;
    encoder.run(25, 50, 10.04);
    REQUIRE(encoder.lengths() == std::vector<std::int64_t>(5, 2000));
    REQUIRE(encoder.segmenter().target_duration() == 2);
}

TEST_CASE("MSNs come from the allocator and program date time from the offset") {
    Encoder encoder({.run = "1a", .pdt_offset_ms = 5'000'000});
    encoder.run(25, 50, 4.04);
    REQUIRE(encoder.cuts().size() == 3);
    CHECK(encoder.cuts()[2].mark.msn == 102);
    CHECK(encoder.cuts()[2].mark.run == "1a");
    CHECK(encoder.cuts()[2].mark.pdt_ms == 5'004'000);
}

TEST_CASE("the first segment opens at the first keyframe, not before") {
    Encoder encoder;
    encoder.audio(0);
    encoder.video(20, false);
    encoder.video(60, true);
    REQUIRE(encoder.cuts().size() == 1);
    CHECK(encoder.cuts()[0].at_ms == 60);
}

TEST_CASE("the target duration is unknown until the second keyframe and then fixed") {
    Encoder encoder;
    encoder.run(25, 100, 4);  // the next keyframe is at 4 s
    CHECK_FALSE(encoder.segmenter().target_duration());
    CHECK(encoder.cuts()[0].mark.target_duration == 0);
    encoder.run(25, 100, 8);
    CHECK(encoder.segmenter().target_duration() == 4);
    CHECK(encoder.cuts()[1].mark.target_duration == 4);
    encoder.run(25, 25, 8);
    CHECK(encoder.segmenter().target_duration() == 4);
}

TEST_CASE("the first interval is rounded up to whole seconds") {
    Encoder encoder;
    encoder.run(30000.0 / 1001, 60, 10);  // 2.002 s
    CHECK(encoder.segmenter().target_duration() == 3);
    CHECK(encoder.lengths()[0] == 2002);
}

TEST_CASE("short GOPs are gathered up to the segment target") {
    Encoder encoder;
    encoder.run(25, 25, 10.04);
    REQUIRE(encoder.lengths() == std::vector<std::int64_t>(5, 2000));
}

TEST_CASE("a GOP of one and a half seconds is cut early rather than too late") {
    Encoder encoder;
    encoder.run(30, 45, 9.1);
    REQUIRE(encoder.lengths() == std::vector<std::int64_t>(6, 1500));
    CHECK(encoder.segmenter().target_duration() == 2);
}

TEST_CASE("a later, longer GOP is cut at the target duration with the advisory") {
    Encoder encoder;
    encoder.run(25, 50, 4);
    CHECK_FALSE(encoder.segmenter().keyframe_interval_too_long());
    encoder.run(25, 250, 20);
    CHECK(encoder.segmenter().keyframe_interval_too_long());
    encoder.run(25, 50, 6.04);
    CHECK_FALSE(encoder.segmenter().keyframe_interval_too_long());
    // The keyframe due at 6 s is waited for 100 ms in vain.
    const std::vector<std::int64_t> expected{2000, 2000, 2120, 2000, 2000, 2000, 1880, 2000,
                                             2000, 2000, 2000, 2000, 2000, 2000, 2000};
    REQUIRE(encoder.lengths() == expected);
    CHECK(encoder.segmenter().keyframe_interval_ms() == 2000);
}

TEST_CASE("a GOP one frame too long still opens its segment at the keyframe") {
    Encoder encoder;
    encoder.run(25, 50, 4);
    encoder.run(25, 51, 51 * 4 / 25.0);
    encoder.run(25, 51, 0.04);
    REQUIRE(encoder.lengths() == std::vector<std::int64_t>{2000, 2000, 2040, 2040, 2040, 2040});
    require_rounded_lengths_within(encoder, 2);
}

TEST_CASE("an encoder that makes a keyframe every ten seconds gets ten second segments") {
    Encoder encoder;
    encoder.run(25, 250, 40.04);
    CHECK(encoder.segmenter().target_duration() == 10);
    REQUIRE(encoder.lengths() == std::vector<std::int64_t>(4, 10'000));
    CHECK_FALSE(encoder.segmenter().keyframe_interval_too_long());
}

TEST_CASE("a first GOP beyond the maximum is cut at ten seconds") {
    Encoder encoder;
    encoder.run(25, 1000, 25);
    CHECK(encoder.segmenter().target_duration() == 10);
    CHECK(encoder.segmenter().keyframe_interval_too_long());
    REQUIRE(encoder.lengths() == std::vector<std::int64_t>(2, 10'000));
}

TEST_CASE("a target duration kept on disk is used from the first segment on") {
    Encoder encoder({.target_duration = 3, .first_is_discontinuity = true});
    encoder.run(25, 250, 9.04);
    CHECK(encoder.cuts()[0].mark.discontinuity);
    CHECK(encoder.cuts()[0].mark.target_duration == 3);
    REQUIRE(encoder.lengths() == std::vector<std::int64_t>(3, 3000));
}

TEST_CASE("a discontinuity opens a segment at once, whatever the frame") {
    Encoder encoder;
    encoder.run(25, 50, 5);
    encoder.audio(9000, true);
    encoder.jump(4020);
    encoder.run(25, 50, 4.04);
    REQUIRE(encoder.cuts().size() == 6);
    CHECK(encoder.cuts()[3].at_ms == 9000);
    CHECK(encoder.cuts()[3].mark.discontinuity);
    CHECK(encoder.cuts()[4].at_ms == 11'020);
    CHECK_FALSE(encoder.cuts()[4].mark.discontinuity);
}

TEST_CASE("a jump in the timestamps that nobody announced is a discontinuity") {
    Encoder encoder;
    encoder.run(25, 50, 3);
    encoder.jump(7000);
    encoder.run(25, 50, 2);
    REQUIRE(encoder.cuts().size() == 3);
    CHECK(encoder.cuts()[2].at_ms == 10'000);
    CHECK(encoder.cuts()[2].mark.discontinuity);
}

TEST_CASE("sound that jumps ahead of its keyframe makes no segment of its own") {
    Encoder encoder;
    encoder.run(25, 50, 3);
    encoder.audio(2990);
    encoder.audio(9960);
    encoder.audio(9981);
    encoder.video(10'000, true, true);
    REQUIRE(encoder.cuts().size() == 3);
    CHECK(encoder.cuts()[2].at_ms == 10'000);
}

TEST_CASE("sound without a picture is cut at the segment target") {
    Encoder encoder;
    for (int i = 0; i < 470; ++i) encoder.audio(i * 64 / 3);
    REQUIRE(encoder.cuts().size() >= 3);
    CHECK(encoder.segmenter().target_duration() == 2);
    require_rounded_lengths_within(encoder, 2);
}

TEST_CASE("when the picture stops the sound keeps the segments going") {
    Encoder encoder;
    encoder.run(25, 50, 4);
    for (int i = 0; i < 470; ++i) encoder.audio(4000 + i * 64 / 3);
    REQUIRE(encoder.cuts().size() >= 6);
    require_rounded_lengths_within(encoder, 2);
}

TEST_CASE("sound may run ahead of the picture for good: segments open at keyframes all the same") {
    const auto lead = GENERATE(0, 300, 400, 500, 800, 1500);
    const auto target = GENERATE(2, 4);
    CAPTURE(lead, target);
    Encoder encoder;
    int sounds = 0;
    for (int i = 0; i < 25 * 30; ++i) {
        for (; sounds * 64 / 3 <= i * 40 + lead; ++sounds) encoder.audio(sounds * 64 / 3);
        encoder.video(i * 40, i % (25 * target) == 0);
    }
    REQUIRE(encoder.cuts().size() >= 7);
    for (const auto& cut : encoder.cuts()) CHECK(cut.at_ms % (1000 * target) == 0);
    CHECK_FALSE(encoder.segmenter().keyframe_interval_too_long());
    // And goes on without it once it has stopped.
    const auto before = encoder.cuts().size();
    for (; sounds * 64 / 3 < 50'000; ++sounds) encoder.audio(sounds * 64 / 3);
    CHECK(encoder.cuts().size() >= before + static_cast<std::size_t>(16 / target));
    CHECK(encoder.segmenter().target_duration() == target);
}

TEST_CASE("sound that comes a second at a time, before its pictures, cuts no segment") {
    const auto every = GENERATE(10, 20, 25);
    const auto phase = GENERATE(0, 3, 9);
    CAPTURE(every, phase);
    Encoder encoder;
    int sounds = 0;
    for (int i = 0; i < 25 * 30; ++i) {
        if (i % every == phase)
            for (; sounds * 64 / 3 <= (i + every) * 40; ++sounds) encoder.audio(sounds * 64 / 3);
        encoder.video(i * 40, i % 50 == 0);
    }
    REQUIRE(encoder.cuts().size() == 15);
    for (const auto& cut : encoder.cuts()) CHECK(cut.at_ms % 2000 == 0);
}

TEST_CASE("a picture that once failed for a second and later stops for good makes no discontinuity") {
    Encoder encoder;
    for (int i = 0, sounds = 0; i < 25 * 30; ++i) {
        for (; sounds * 64 / 3 <= i * 40; ++sounds) encoder.audio(sounds * 64 / 3);
        const bool is_away = (i >= 110 && i < 140) || i >= 295;  // within a segment; just before one
        if (!is_away) encoder.video(i * 40, i % 50 == 0);
    }
    REQUIRE(encoder.cuts().size() >= 13);
    for (const auto& cut : encoder.cuts()) CHECK_FALSE(cut.mark.discontinuity);
    require_rounded_lengths_within(encoder, 2);
}

TEST_CASE("sources that come and go before the target duration is settled do not settle it") {
    const auto times = GENERATE(1, 2, 3);
    const auto absence = GENERATE(100, 300);
    Encoder encoder;
    for (int i = 0; i < times; ++i) {
        encoder.run(25, 50, 1.68);  // one keyframe
        encoder.jump(absence);
        encoder.segmenter().new_source();
    }
    CHECK_FALSE(encoder.segmenter().target_duration());
    encoder.run(25, 50, 8.04);
    CHECK(encoder.segmenter().target_duration() == 2);
    CHECK(encoder.cuts().size() == static_cast<std::size_t>(times) + 5);
    CHECK_FALSE(encoder.segmenter().keyframe_interval_too_long());
    require_rounded_lengths_within(encoder, 2);
}

TEST_CASE("sources that never stay for two keyframes are served at the length at which they come") {
    Encoder encoder;
    for (int i = 0; i < 8; ++i) {
        encoder.run(25, 250, 3.52);
        encoder.segmenter().new_source();
    }
    CHECK(encoder.segmenter().target_duration() == 4);
    CHECK(encoder.lengths() == std::vector<std::int64_t>(7, 3520));
}

TEST_CASE("so are those that come back after a while") {
    Encoder encoder;
    for (int i = 0; i < 6; ++i) {
        encoder.run(25, 250, 3.52);
        encoder.segmenter().new_source();
        encoder.jump(1000);
        encoder.announce_break();
    }
    CHECK(encoder.segmenter().target_duration() == 4);
}

TEST_CASE("sound that was away for a while opens no segment before the keyframe that is due") {
    Encoder encoder;
    for (int i = 0, sounds = 0; i < 25 * 30; ++i) {
        const auto lead = 200;
        const bool is_away = i >= 120 && i < 343;  // until 14 s less the lead
        for (; sounds * 64 / 3 <= i * 40 + lead; ++sounds)
            if (!is_away) encoder.audio(sounds * 64 / 3);
        encoder.video(i * 40, i % 50 == 0);
    }
    REQUIRE(encoder.cuts().size() == 15);
    for (const auto& cut : encoder.cuts()) CHECK(cut.at_ms % 2000 == 0);
}

TEST_CASE("no sequence of frames makes a segment that rounds above the target duration") {
    std::uint64_t state = 7;
    const auto random = [&state](std::uint64_t below) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (state >> 33) % below;
    };
    for (int round = 0; round < 200; ++round) {
        Encoder encoder;
        std::int64_t at = 0;
        for (int i = 0; i < 600; ++i) {
            at += static_cast<std::int64_t>(random(round % 2 == 0 ? 80 : 400));
            if (random(3) == 0) encoder.audio(at);
            encoder.video(at, random(40) == 0, random(200) == 0);
        }
        require_rounded_lengths_within(encoder, encoder.segmenter().target_duration().value_or(10));
    }
}

TEST_CASE("a steady keyframe interval up to TARGETDURATION is never cut off-keyframe") {
    for (int gop = 5; gop <= 250; ++gop) {
        Encoder encoder;
        encoder.run(25, gop, 60);
        CAPTURE(gop);
        CHECK_FALSE(encoder.segmenter().keyframe_interval_too_long());
        REQUIRE(encoder.cuts().size() >= 5);
        for (const auto& cut : encoder.cuts()) REQUIRE(cut.at_ms % (gop * 40) == 0);
        require_rounded_lengths_within(encoder, *encoder.segmenter().target_duration());
    }
}
