// The slate is what decoders show: the built-in picture, at the source's size,
// with silence that goes with the source's own sound.
#include "relay/slate/slate_maker.hpp"

#include <fstream>

#include "common/av/error.hpp"
#include "common/av/silence.hpp"
#include "common/media/flv.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"
#include "tests/support/picture_decoder.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

SharedTrack video_of(int width, int height) {
    auto track = *test::video_track();
    track.width = width, track.height = height;
    return std::make_shared<const TrackDescription>(track);
}

SharedTrack audio_of(Bytes config, int rate, int channels) {
    auto track = *test::audio_track();
    track.decoder_config = share(std::move(config));
    track.sample_rate = rate, track.channels = channels;
    return std::make_shared<const TrackDescription>(track);
}

struct Shown {
    int pictures = 0;
    int width = 0, height = 0;
    std::uint8_t corner = 0, brightest = 0;
};

Shown decode(const Still& still, int rounds) {
    Shown out;
    test::PictureDecoder decoder(*still.video);
    for (int round = 0; round < rounds; ++round)
        for (const auto& one : still.pictures) {
            ByteView avcc{*one.body};
            decoder.decode(avcc.subspan(flv::kVideoBodyOffset), [&](const LumaView& seen) {
                ++out.pictures;
                out.width = seen.width, out.height = seen.height;
                out.corner = seen.data[0];
                for (int y = 0; y < seen.height; ++y)
                    for (int x = 0; x < seen.width; ++x)
                        out.brightest =
                            std::max(out.brightest, seen.data[std::ptrdiff_t{y} * seen.stride + x]);
            });
        }
    return out;
}

}  // namespace

TEST_CASE("the built-in slate has the source's size and can be shown again and again") {
    const auto maker = SlateMaker::open("");
    REQUIRE(maker);
    for (const auto& [width, height] : {std::pair{1280, 720}, std::pair{1920, 1080}, std::pair{640, 360}}) {
        const auto still = maker->make({video_of(width, height), test::audio_track()});
        REQUIRE(still);
        const auto shown = decode(*still, 3);
        CHECK(shown.pictures == 30);
        CHECK(shown.width == width);
        CHECK(shown.height == height);
        CHECK(shown.corner < 60);      // the dark ground
        CHECK(shown.brightest > 200);  // the words
        std::size_t bytes = 0;
        for (const auto& one : still->pictures) bytes += one.body->size();
        CHECK(bytes < 100'000);
        CHECK(still->pictures.front().keyframe);
        CHECK(still->picture_ms == 100);
    }
}

TEST_CASE("sizes that no classroom shows get 720p") {
    const auto maker = SlateMaker::open("");
    for (const auto& [width, height] : {std::pair{0, 0}, std::pair{16'384, 16'384}, std::pair{7680, 4320}}) {
        const auto still = maker->make({video_of(width, height), nullptr});
        REQUIRE(still);
        CHECK(still->video->width == 1280);
        CHECK(still->video->height == 720);
        CHECK_FALSE(still->audio);
    }
    // Odd ones are made even.
    CHECK(maker->make({video_of(641, 361), nullptr})->video->width == 640);
}

TEST_CASE("without a slate there is still silence") {
    const auto still = SlateMaker::silence_only().make({video_of(1280, 720), test::audio_track()});
    REQUIRE(still);
    CHECK_FALSE(still->video);
    CHECK(still->audio);
}

TEST_CASE("a sampling rate that AAC does not have costs the sound's parameters, not the picture") {
    const auto odd = audio_of({0x17, 0x80, 0x5d, 0xbf, 0x90}, 47'999, 2);
    const auto still = SlateMaker::open("")->make({video_of(1280, 720), odd});
    REQUIRE(still);
    CHECK(still->video);
    CHECK(still->audio->sample_rate == 48'000);
}

TEST_CASE("silence is said in the source's own parameters where it can be") {
    const auto maker = SlateMaker::open("");
    const auto stereo = test::audio_track();
    CHECK(maker->make({nullptr, stereo})->audio == stereo);
    const auto mono = audio_of({0x12, 0x08}, 44'100, 1);
    const auto still = maker->make({nullptr, mono});
    CHECK(still->audio == mono);
    CHECK(still->silence->size() > flv::kAudioBodyOffset);
    CHECK(still->silence->size() < 64);
    // HE-AAC (object type 5): another track beside it.
    const auto he = audio_of({0x2b, 0x92, 0x08, 0x00}, 48'000, 2);
    const auto other = maker->make({nullptr, he});
    REQUIRE(other);
    CHECK(other->audio != he);
    CHECK(other->audio->sample_rate == 48'000);
}

TEST_CASE("an operator's picture is shown; what is no picture is an error at once") {
    test::TemporaryDir dir;
    const auto path = dir.path() + "/white.png";
    // 2 x 2 white pixels, by hand.
    const Bytes png{0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
                    0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x00, 0x00, 0x00, 0x57,
                    0xdd, 0x52, 0xf8, 0x00, 0x00, 0x00, 0x0e, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8,
                    0xff, 0x9f, 0xe1, 0xff, 0x7f, 0x00, 0x0b, 0xfa, 0x03, 0xfd, 0xe0, 0x25, 0x8a, 0x10, 0x00,
                    0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
    const auto maker = SlateMaker::open(path);
    REQUIRE(maker);
    const auto still = maker->make({video_of(1280, 720), nullptr});
    REQUIRE(still);
    const auto shown = decode(*still, 1);
    CHECK(shown.brightest > 225);
    CHECK(shown.corner < 30);  // black beside a square picture

    CHECK_FALSE(SlateMaker::open(dir.path() + "/none.png"));
    CHECK_FALSE(SlateMaker::open(dir.path()));
    CHECK_FALSE(SlateMaker::open("/dev/zero"));
    for (const auto cut : {std::size_t{0}, std::size_t{20}, std::size_t{40}}) {
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(cut));
        const auto broken = SlateMaker::open(path);
        REQUIRE_FALSE(broken);
        CHECK(broken.error() == av::Errc::bad_picture);
    }
}
