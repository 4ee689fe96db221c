#include "relay/test_channel/generator.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/picture_decoder.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

TEST_CASE("the channel's frames come in order, sound beside picture, and the picture says when it was due") {
    TestChannelOptions options;
    options.width = 640;
    options.height = 360;
    options.bitrate_kbps = 700;
    auto generator = Generator::open(options);
    REQUIRE(generator);
    SteadyTime steady{1h};
    auto wall = from_unix_ms(1'744'768'800'000);
    Pace pace(steady, wall, options.fps);
    std::unique_ptr<test::PictureDecoder> decoder;
    std::uint32_t last_picture = 0, last_sound = 0;
    int pictures = 0, sounds = 0;
    for (int i = 0; i < 100; ++i, steady += 40ms, wall += 40ms) {
        const auto due = pace.next(steady, wall);
        const auto frames = (*generator)->make(pace, due, "0815");
        REQUIRE(frames);
        for (const auto& frame : *frames) {
            CHECK(frame.arrival == due.at);
            if (frame.kind == TrackKind::audio) {
                if (sounds++ > 0)
                    CHECK((frame.timestamp == last_sound + 21 || frame.timestamp == last_sound + 22));
                last_sound = frame.timestamp;
                CHECK(frame.track->sample_rate == 48'000);
                continue;
            }
            if (pictures > 0) CHECK(frame.timestamp == last_picture + 40);
            last_picture = frame.timestamp;
            CHECK(frame.keyframe == (pictures % 50 == 0));
            if (!decoder) decoder = std::make_unique<test::PictureDecoder>(*frame.track);
            decoder->decode(ByteView{*frame.payload}.subspan(frame.payload_offset),
                            [&](const LumaView& seen) {
                                ++pictures;
                                CHECK(signal::read_time_code(seen) == due.code);
                            });
        }
    }
    CHECK(pictures == 100);
    // Four seconds hold 187 sounds; what the encoder still has is one or two.
    CHECK(sounds >= 185);
    // Neither runs ahead of the other by more than a sound and what the encoder holds.
    CHECK(std::abs(static_cast<int>(last_picture) - static_cast<int>(last_sound)) < 80);
}
