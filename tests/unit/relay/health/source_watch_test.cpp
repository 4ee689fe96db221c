// What a watch says of sources that are really encoded and decoded.
#include "relay/health/source_watch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <random>

#include "common/av/encoder.hpp"
#include "common/media/flv.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

enum class Shows { noise_that_moves, a_still, black };
enum class Says { speech, speech_in_noise, tone, noise, nothing, left_only, lopsided };

/// A camera and a microphone before x264 and AAC, too few bits for what it shows.
class Source {
  public:
    explicit Source(int keyframe_every = 50) {
        auto video = av::VideoEncoder::open({320, 180, 25, 300, keyframe_every});
        auto audio = av::AudioEncoder::open(96);
        REQUIRE(video);
        REQUIRE(audio);
        video_ = std::move(*video);
        audio_ = std::move(*audio);
        paint();
    }

    void run(double seconds, Shows shows, Says says) {
        const auto end = pictures_ + static_cast<std::int64_t>(seconds * 25);
        while (pictures_ < end) {
            send_picture(shows);
            while (samples_ * 25 < pictures_ * 48'000) send_sound(says);
            note_findings();
        }
    }
    /// What the last kLoop seconds showed and said, again and again: the encoders' work is done once.
    void repeat(int times) {
        std::vector<Frame> loop;
        std::int64_t pictures = kLoop * 25, sounds = kLoop * 48'000 / 1024;
        for (auto sent = sent_.rbegin(); sent != sent_.rend(); ++sent)
            if ((sent->kind == TrackKind::video ? pictures : sounds)-- > 0) loop.push_back(*sent);
        REQUIRE((pictures <= 0 && sounds <= 0));
        std::reverse(loop.begin(), loop.end());
        for (int i = 0; i < times; ++i) {
            repeated_ms_ += kLoop * 1000;
            for (auto& frame : loop) {
                frame.dts_ms += kLoop * 1000;
                watch.on_frame(std::make_shared<const Frame>(frame));
                note_findings();
            }
        }
        sent_.assign(loop.begin(), loop.end());
    }
    /// Pictures that nothing can be made of.
    void send_rubbish(double seconds) {
        for (const auto end = pictures_ + static_cast<std::int64_t>(seconds * 25); pictures_ < end;
             ++pictures_) {
            Frame frame;
            frame.keyframe = pictures_ % 50 == 0;
            frame.dts_ms = now_ms();
            frame.payload = share(flv::video_body(frame.keyframe, 0, Bytes{0, 0, 0, 3, 0xFF, 0xFF, 0xFF}));
            frame.payload_offset = flv::kVideoBodyOffset;
            frame.track = video_->track();
            watch.on_frame(std::make_shared<const Frame>(std::move(frame)));
        }
    }
    std::int64_t now_ms() const { return pictures_ * 40 + repeated_ms_; }
    const Finding* says_now(const std::string& code) {
        now_ = watch.findings();
        for (const auto& finding : now_)
            if (finding.code == code) return &finding;
        return nullptr;
    }
    /// When a finding that stands was told first; 0: it does not stand.
    std::int64_t told_at(const std::string& code) const {
        for (const auto& t : told)
            if (t.finding.code == code) return t.at_ms;
        return 0;
    }

    static constexpr std::int64_t kLoop = 8;  // seconds; four groups of pictures, 375 frames of AAC
    SourceWatch watch;
    struct Told {
        Finding finding;
        std::int64_t at_ms;
    };
    std::vector<Told> told;

  private:
    void note_findings() {
        for (const auto& finding : watch.findings())
            if (!told_at(finding.code)) told.push_back({finding, now_ms()});
        std::erase_if(told, [&](const auto& t) { return !says_now(t.finding.code); });
    }
    void hand_over(Frame frame) {
        frame.dts_ms += repeated_ms_;
        sent_.push_back(frame);
        while (frame.dts_ms - sent_.front().dts_ms > (kLoop + 1) * 1000) sent_.pop_front();
        watch.on_frame(std::make_shared<const Frame>(std::move(frame)));
    }
    void paint() {
        auto* luma = still_.plane(0);
        for (int i = 0; i < 320 * 180; ++i) luma[i] = static_cast<std::uint8_t>(40 + random_() % 160);
    }
    void send_picture(Shows shows) {
        Picture picture = still_;
        const int x = static_cast<int>(120 + 60 * std::sin(static_cast<double>(pictures_) / 20));
        if (shows == Shows::noise_that_moves) picture.fill({x & ~1, 60, 40, 60}, kWhite);
        if (shows == Shows::black) picture.fill({0, 0, 320, 180}, kBlack);
        auto encoded = video_->encode(picture, pictures_);
        REQUIRE(encoded);
        for (const auto& made : *encoded) {
            Frame frame;
            frame.keyframe = made.keyframe;
            frame.dts_ms = made.index * 40;
            frame.payload = share(flv::video_body(made.keyframe, 0, made.avcc));
            frame.payload_offset = flv::kVideoBodyOffset;
            frame.track = video_->track();
            hand_over(std::move(frame));
        }
        ++pictures_;
    }
    void send_sound(Says says) {
        std::array<float, 1024> left{}, right{};
        for (std::size_t i = 0; i < left.size(); ++i) {
            const auto t = static_cast<double>(samples_ + static_cast<std::int64_t>(i)) / 48'000;
            // Syllables, four a second, and a breath each three seconds.
            const auto envelope = std::fmod(t, 3) < 0.4 ? 0.0 : std::pow(std::sin(t * 4 * 3.14159), 2);
            const auto tone = 0.2 * std::sin(t * 300 * 6.28318);
            const auto noise = 0.05 * (static_cast<double>(random_() % 2001) / 1000 - 1);
            const auto sound = says == Says::nothing           ? 0
                               : says == Says::tone            ? tone
                               : says == Says::noise           ? noise
                               : says == Says::speech_in_noise ? tone * envelope + noise
                                                               : tone * envelope;
            left[i] = static_cast<float>(sound);
            right[i] = says == Says::left_only || says == Says::lopsided ? 0 : left[i];
        }
        auto encoded = audio_->encode(left, right, samples_);
        REQUIRE(encoded);
        for (const auto& made : *encoded) {
            Frame frame;
            frame.kind = TrackKind::audio;
            frame.dts_ms = std::max<std::int64_t>(0, made.first_sample * 1000 / 48'000);
            frame.payload = share(flv::audio_body(made.aac));
            frame.payload_offset = flv::kAudioBodyOffset;
            frame.track = audio_->track();
            hand_over(std::move(frame));
        }
        samples_ += 1024;
    }

    std::deque<Frame> sent_;  // the last of them
    std::int64_t repeated_ms_ = 0;
    std::unique_ptr<av::VideoEncoder> video_;
    std::unique_ptr<av::AudioEncoder> audio_;
    Picture still_{320, 180};
    std::minstd_rand random_{7};
    std::int64_t pictures_ = 0, samples_ = 0;
    std::vector<Finding> now_;
};

}  // namespace

TEST_CASE("a lesson that moves and speaks has nothing wrong") {
    Source source;
    source.run(20, Shows::noise_that_moves, Says::speech);
    CHECK(source.told.empty());
    CHECK(source.watch.faults() == 0);
}

TEST_CASE("black is told three seconds after it began, wherever in a group that was, and ends") {
    const auto begin = GENERATE(4.0, 4.6, 5.9);
    const auto keyframe_every = GENERATE(50, 250);
    Source source(keyframe_every);
    source.run(begin, Shows::noise_that_moves, Says::speech);
    const auto began = source.now_ms();
    source.run(5, Shows::black, Says::speech);
    const auto* finding = source.says_now("black");
    REQUIRE(finding);
    CHECK(std::abs(finding->begin_ms - began) <= 40);
    CHECK(source.told_at("black") - began >= 3000);
    CHECK(source.told_at("black") - began <= 4000);
    CHECK(finding->level == AdvisoryLevel::notice);
    CHECK_FALSE(source.says_now("frozen"));
    source.run(1, Shows::noise_that_moves, Says::speech);
    CHECK_FALSE(source.says_now("black"));
}

TEST_CASE("black is a warning after ten seconds and an alarm after thirty") {
    Source source;
    source.run(2, Shows::noise_that_moves, Says::speech);
    source.run(11, Shows::black, Says::speech);
    REQUIRE(source.says_now("black"));
    CHECK(source.says_now("black")->level == AdvisoryLevel::warning);
    source.run(20, Shows::black, Says::speech);
    CHECK(source.says_now("black")->level == AdvisoryLevel::alarm);
}

TEST_CASE("a slide that stands for minutes costs its keyframes, keeps its begin, and ends") {
    Source source;
    source.run(4, Shows::noise_that_moves, Says::speech);
    source.run(20, Shows::a_still, Says::speech);
    REQUIRE(source.says_now("frozen"));
    const auto begin = source.says_now("frozen")->begin_ms;
    const auto decoded = source.watch.pictures_decoded();
    source.repeat(12);
    REQUIRE(source.says_now("frozen"));
    CHECK(source.says_now("frozen")->begin_ms == begin);
    CHECK(source.watch.pictures_decoded() - decoded < 96 * 25 * 0.3);
    source.run(3, Shows::noise_that_moves, Says::speech);
    CHECK_FALSE(source.says_now("frozen"));
}

TEST_CASE(
    "a picture that stands still is told after ten seconds: a notice while somebody speaks, else a warning") {
    const auto says = GENERATE(Says::speech, Says::speech_in_noise, Says::tone, Says::noise, Says::nothing);
    const auto keyframe_every = GENERATE(50, 250);
    Source source(keyframe_every);
    source.run(5.3, Shows::noise_that_moves, says);
    const auto began = source.now_ms();
    source.run(9, Shows::a_still, says);
    CHECK_FALSE(source.says_now("frozen"));
    source.run(4, Shows::a_still, says);
    const auto* finding = source.says_now("frozen");
    REQUIRE(finding);
    // An encoder that is short of bits goes on refining what stands still already.
    CHECK(std::abs(finding->begin_ms - began) <= 900);
    CHECK(source.told_at("frozen") - began <= 11'000);
    CHECK(finding->level == (says == Says::speech || says == Says::speech_in_noise ? AdvisoryLevel::notice
                                                                                   : AdvisoryLevel::warning));
    source.run(2.2, Shows::noise_that_moves, says);
    CHECK_FALSE(source.says_now("frozen"));
}

TEST_CASE("silence is told after ten seconds, is an alarm after thirty, and ends with the first sound") {
    Source source;
    source.run(3, Shows::noise_that_moves, Says::speech);
    const auto began = source.now_ms();
    source.run(9.5, Shows::noise_that_moves, Says::nothing);
    CHECK_FALSE(source.says_now("silence"));
    source.run(2, Shows::noise_that_moves, Says::nothing);
    REQUIRE(source.says_now("silence"));
    CHECK(std::abs(source.says_now("silence")->begin_ms - began) <= 600);
    CHECK(source.told_at("silence") - began <= 11'000);
    source.run(20, Shows::noise_that_moves, Says::nothing);
    CHECK(source.says_now("silence")->level == AdvisoryLevel::alarm);
    source.run(1, Shows::noise_that_moves, Says::tone);
    CHECK_FALSE(source.says_now("silence"));
}

TEST_CASE("a microphone cable that is out is told by its side, though its speaker pauses") {
    Source source;
    source.run(15, Shows::noise_that_moves, Says::left_only);
    CHECK(source.says_now("silence_right"));
    CHECK_FALSE(source.says_now("silence_left"));
    CHECK_FALSE(source.says_now("silence"));
}

TEST_CASE("a side tells nothing while nobody speaks: one lopsided moment, a long pause, another") {
    Source source;
    source.run(3, Shows::noise_that_moves, Says::speech);
    for (int i = 0; i < 4; ++i) {
        source.run(0.1, Shows::noise_that_moves, Says::lopsided);
        source.run(15, Shows::noise_that_moves, Says::nothing);
        CHECK_FALSE(source.says_now("silence_right"));
    }
    source.run(0.1, Shows::noise_that_moves, Says::lopsided);
    CHECK_FALSE(source.says_now("silence_right"));
    CHECK_FALSE(source.says_now("silence_left"));
}

TEST_CASE("a class that works on a slide in silence for two minutes raises no alarm, for five it does") {
    Source source;
    source.run(4, Shows::noise_that_moves, Says::speech);
    source.run(20, Shows::a_still, Says::speech);
    source.run(16, Shows::a_still, Says::noise);
    source.repeat(13);
    REQUIRE(source.says_now("frozen"));
    CHECK(source.says_now("frozen")->level == AdvisoryLevel::notice);
    source.run(12, Shows::a_still, Says::speech);
    source.run(12, Shows::a_still, Says::noise);
    source.repeat(21);
    CHECK(source.says_now("frozen")->level == AdvisoryLevel::notice);
    source.repeat(8);
    CHECK(source.says_now("frozen")->level == AdvisoryLevel::alarm);
}

TEST_CASE("a picture that cannot be decoded any more is neither black nor still") {
    Source source;
    source.run(6, Shows::black, Says::speech);
    REQUIRE(source.says_now("black"));
    source.send_rubbish(20);
    CHECK_FALSE(source.says_now("black"));
    CHECK(source.watch.faults() > 0);
}

TEST_CASE("a source that goes away leaves nothing behind") {
    Source source;
    source.run(15, Shows::black, Says::nothing);
    CHECK(source.watch.findings().size() == 2);
    source.watch.forget();
    CHECK(source.watch.findings().empty());
}

TEST_CASE("what cannot be decoded is counted and is no finding") {
    SourceWatch watch;
    TrackDescription track;
    track.decoder_config = share(Bytes{1, 2, 3});
    Frame frame;
    frame.keyframe = true;
    frame.payload = share(Bytes(100, 0xFF));
    frame.track = std::make_shared<const TrackDescription>(track);
    for (int i = 0; i < 100; ++i) {
        frame.dts_ms = i * 40;
        watch.on_frame(std::make_shared<const Frame>(frame));
    }
    CHECK(watch.findings().empty());
}
