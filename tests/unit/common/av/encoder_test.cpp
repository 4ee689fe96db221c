// What the encoders make is what decoders, ours and libavcodec's, understand.
#include "common/av/encoder.hpp"

#include <array>
#include <cmath>

#include "common/av/error.hpp"
#include "common/media/flv.hpp"
#include "common/signal/test_card.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/picture_decoder.hpp"

using namespace tongke;
using namespace tongke::av;

namespace {

constexpr std::int64_t kMorning = 1'744'768'800'000;

struct Reading {
    int pictures = 0;
    int right = 0;
    std::size_t bytes = 0;
    std::vector<std::int64_t> keyframes;
};

/// Paints, encodes, decodes and reads `count` pictures at this size and rate.
Reading encode_and_read(const VideoEncoderOptions& options, int count) {
    auto encoder = VideoEncoder::open(options);
    REQUIRE(encoder);
    test::PictureDecoder decoder(*(*encoder)->track());
    signal::TestCard card(options.width, options.height);
    Reading out;
    for (int i = 0; i < count; ++i) {
        const signal::TimeCode code{static_cast<std::uint32_t>(i), kMorning + i * 40};
        auto encoded = (*encoder)->encode(card.paint({code, "4711", "10:00:00.0"}), i);
        REQUIRE(encoded);
        // Without delay: what goes in comes out.
        REQUIRE(encoded->size() == 1);
        CHECK(encoded->front().index == i);
        if (encoded->front().keyframe) out.keyframes.push_back(i);
        out.bytes += encoded->front().avcc.size();
        decoder.decode(encoded->front().avcc, [&](const LumaView& seen) {
            ++out.pictures;
            out.right += signal::read_time_code(seen) == code;
        });
    }
    return out;
}

}  // namespace

TEST_CASE("the time code survives 720p at 2.5 Mbit/s, picture for picture") {
    const auto seen = encode_and_read({1280, 720, 25, 2400, 50}, 250);
    CHECK(seen.pictures == 250);
    CHECK(seen.right == 250);
    CHECK(seen.keyframes == std::vector<std::int64_t>{0, 50, 100, 150, 200});
    const auto kbps = static_cast<double>(seen.bytes) * 8 / 10 / 1000;
    CHECK(kbps > 2400 * 0.85);
    CHECK(kbps < 2400 * 1.15);
}

TEST_CASE("the time code survives 360p at 500 kbit/s") {
    const auto seen = encode_and_read({640, 360, 25, 500, 50}, 250);
    CHECK(seen.pictures == 250);
    CHECK(seen.right == 250);
    CHECK(static_cast<double>(seen.bytes) * 8 / 10 / 1000 < 500 * 1.2);
}

TEST_CASE("the track says what the encoder was told") {
    auto encoder = VideoEncoder::open({640, 360, 25, 500, 50});
    REQUIRE(encoder);
    const auto& track = *(*encoder)->track();
    CHECK(track.width == 640);
    CHECK(track.height == 360);
    const auto config = flv::parse_avc_config(*track.decoder_config);
    REQUIRE(config);
    CHECK(config->nal_length_size == 4);
    CHECK(config->profile == 77);
    Picture other(320, 180);
    CHECK((*encoder)->encode(other, 0).error() == Errc::bad_sample);
}

TEST_CASE("sound comes out a frame of 1024 samples for each that went in, in order") {
    auto encoder = AudioEncoder::open(128);
    REQUIRE(encoder);
    const auto& track = *(*encoder)->track();
    CHECK(track.sample_rate == 48'000);
    CHECK(track.channels == 2);
    std::array<float, AudioEncoder::kFrameSamples> tone{};
    std::vector<EncodedSound> all;
    for (std::int64_t at = 0; at < 48'000; at += 1024) {
        for (std::size_t i = 0; i < tone.size(); ++i)
            tone[i] = 0.25F * std::sin(static_cast<float>(at + static_cast<std::int64_t>(i)) * 0.0576F);
        auto out = (*encoder)->encode(tone, tone, at);
        REQUIRE(out);
        all.insert(all.end(), out->begin(), out->end());
    }
    REQUIRE(all.size() >= 45);
    for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i].first_sample == all[i - 1].first_sample + 1024);
    std::array<float, 10> few{};
    CHECK((*encoder)->encode(few, few, 0).error() == Errc::bad_sample);
}
