#include "relay/stream/stand_in.hpp"

#include "common/media/flv.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

const SteadyTime kStart{1000s};

/// A source of 25 pictures a second with their sound, and what stands in for it.
struct Scene {
    void play(int pictures) {
        for (int i = 0; i < pictures; ++i, dts_ms += 40) {
            note(TrackKind::video, i % 50 == 0);
            note(TrackKind::audio, false);
        }
    }
    void note(TrackKind kind, bool keyframe) {
        Frame frame;
        frame.kind = kind;
        frame.keyframe = keyframe;
        frame.dts_ms = dts_ms;
        frame.arrival = now();
        const bool picture = kind == TrackKind::video;
        frame.payload = share(picture ? test::video_tag(keyframe, 1) : test::audio_tag(1));
        frame.payload_offset = picture ? flv::kVideoBodyOffset : flv::kAudioBodyOffset;
        frame.track = picture ? video : audio;
        it.note(std::make_shared<const Frame>(std::move(frame)));
    }
    void get_slate() {
        auto still = std::make_shared<Still>();
        still->video = test::video_track(7);
        still->pictures = {{share(test::video_tag(true, 0x51)), true, 0}};
        still->audio = audio;
        still->silence = share(test::audio_tag(0x51));
        const auto wanted = it.slate_to_make();
        REQUIRE(wanted);
        it.slate_made(*wanted, std::move(still));
    }
    SteadyTime now() const { return kStart + Milliseconds{dts_ms}; }
    /// What stands in up to a moment after the source's end.
    std::vector<Filler::Filled> filled(Milliseconds after_end) {
        std::vector<Filler::Filled> all;
        while (auto one = it.next(now() + after_end)) all.push_back(std::move(*one));
        return all;
    }

    StandIn it;
    SharedTrack video = test::video_track(), audio = test::audio_track();
    std::int64_t dts_ms = 0;
};

}  // namespace

TEST_CASE("a slate is asked for once, and again when the source is another") {
    Scene s;
    CHECK_FALSE(s.it.slate_to_make());
    s.play(50);
    REQUIRE(s.it.slate_to_make());
    CHECK_FALSE(s.it.slate_to_make());
    s.it.slate_made({s.video, s.audio}, nullptr);
    CHECK(s.it.slate_state() == SlateState::none);
    CHECK_FALSE(s.it.slate_to_make());
    auto smaller = *s.video;
    smaller.height = 360;
    s.video = std::make_shared<const TrackDescription>(smaller);
    s.play(50);
    s.get_slate();
    CHECK(s.it.slate_state() == SlateState::ready);
}

TEST_CASE("the slate begins where the source ended; very late, it leaves its past out") {
    const Milliseconds late = GENERATE(3000ms, 60'000ms);
    Scene s;
    s.play(75);
    s.get_slate();
    CHECK_FALSE(s.it.next(s.now() + 1h));
    s.it.begin_slate(s.now() + late, 3000ms);
    CHECK(s.it.slate_state() == SlateState::on);
    const auto all = s.filled(late);
    REQUIRE_FALSE(all.empty());
    // The wait and the longest hold are the most that is made up for.
    const auto first = late == 3000ms ? s.dts_ms : s.dts_ms + late.count() - 18'000;
    CHECK(std::abs(all.front().dts_ms - first) <= 40);
    CHECK(all.back().dts_ms > s.dts_ms + late.count() - 110);
    s.it.give_up();
    CHECK(s.it.slate_state() == SlateState::ready);
    CHECK_FALSE(s.it.next(s.now() + 1h));
}

TEST_CASE("a short absence is closed with the source's own: its last keyframe, or only silence") {
    Scene s;
    s.play(75);
    s.get_slate();
    const auto [absence, pictures, sounds] = GENERATE(table<Milliseconds, bool, bool>(
        {{200ms, false, true}, {2000ms, true, true}, {16'000ms, false, false}}));
    s.it.hold_until(s.now() + absence);
    bool saw_picture = false, saw_sound = false;
    for (const auto& one : s.filled(absence)) {
        const bool picture = one.frame.kind == TrackKind::video;
        (picture ? saw_picture : saw_sound) = true;
        if (picture) CHECK(same_parameters(one.frame.track, s.video));
        CHECK(one.dts_ms >= s.dts_ms - 40);
    }
    CHECK(saw_picture == pictures);
    CHECK(saw_sound == sounds);
    CHECK_FALSE(s.it.slate_on());
}

TEST_CASE(
    "silence leads in to a source's first sound, and goes on where none comes, in its own parameters only") {
    Scene s;
    s.play(75);
    s.get_slate();
    const auto back = s.now() + 2000ms;
    s.it.hold_until(back);
    s.filled(2000ms);
    const bool same = GENERATE(true, false), same_sound = GENERATE(true, false);
    IngestFrame first;
    first.track = same ? s.video : test::video_track(3);
    auto other = *s.audio;
    other.decoder_config = share({0x12, 0x10});
    first.other_track = same_sound ? s.audio : std::make_shared<const TrackDescription>(other);
    s.it.source_is_back(first, true);
    int led = 0;
    while (s.it.lead_in(TrackKind::video, s.dts_ms + 2400)) ++led;
    if (!same || !same_sound) {
        CHECK(led == 0);
        return;
    }
    CHECK(led >= 17);
    CHECK(led <= 20);
    led = 0;
    while (s.it.lead_in(TrackKind::video, s.dts_ms + 62'400)) ++led;
    CHECK(std::abs(led - 60'000 / 21) < 50);
    CHECK_FALSE(s.it.lead_in(TrackKind::audio, s.dts_ms + 62'500));
    CHECK_FALSE(s.it.lead_in(TrackKind::video, s.dts_ms + 62'900));
}
