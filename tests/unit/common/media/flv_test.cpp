#include "common/media/flv.hpp"

#include "tests/golden/rtmp/hex.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using golden::hex;

namespace {

// Made by x264: High at 1280x720 and Baseline at 640x360 (360 is cropped from 368).
const Bytes kHigh720 =
    hex("01 64001f ff e1 001a 6764001facd9405005bb011000000300100000030320f1831960 01 0006 68ebe3cb22c0 "
        "fdf8f800");
const Bytes kBaseline360 =
    hex("01 42c01e ff e1 0019 6742c01ed900a02ff97011000003000100000300320f162e48 01 0005 68cb83cb20");

}  // namespace

TEST_CASE("a classic video tag is read") {
    const auto tag = flv::parse_video_tag(hex("17 01 000028 00000001 65"));
    REQUIRE(tag);
    CHECK(tag->keyframe);
    CHECK(tag->packet == flv::Packet::coded);
    CHECK(tag->cts_ms == 40);
    CHECK(tag->offset == 5);
    CHECK(flv::parse_video_tag(hex("27 01 ffffd8 00000001 41"))->cts_ms == -40);
    CHECK_FALSE(flv::parse_video_tag(hex("27 01 ffffd8 00000001 41"))->keyframe);
    CHECK(flv::parse_video_tag(hex("17 00 000000 01"))->packet == flv::Packet::sequence_header);
    CHECK(flv::parse_video_tag(hex("17 02 000000"))->packet == flv::Packet::end_of_sequence);
}

TEST_CASE("an enhanced video tag is read, extras before the codec skipped") {
    const auto coded = flv::parse_video_tag(hex("91 61766331 000028 00000001 65"));
    REQUIRE(coded);
    CHECK(coded->cts_ms == 40);
    CHECK(coded->offset == 8);
    const auto without_time = flv::parse_video_tag(hex("93 61766331 00000001 65"));
    REQUIRE(without_time);
    CHECK(without_time->cts_ms == 0);
    CHECK(without_time->offset == 5);
    const auto extra = flv::parse_video_tag(hex("97 02 aabbcc 01 61766331 000000 00000001 65"));
    REQUIRE(extra);
    CHECK(extra->packet == flv::Packet::coded);
    CHECK(extra->offset == 13);
    CHECK(flv::parse_video_tag(hex("96 00 61766331")).error() == flv::Errc::unsupported_codec);
    CHECK(flv::parse_video_tag(hex("95 61766331 00")).error() == flv::Errc::unsupported_packet);
    CHECK(flv::parse_video_tag(hex("91 61766331 00")).error() == flv::Errc::truncated);
}

TEST_CASE("an audio tag is read") {
    CHECK(flv::parse_audio_tag(hex("af 00 1190"))->packet == flv::Packet::sequence_header);
    CHECK(flv::parse_audio_tag(hex("af 01 2110"))->offset == 2);
    CHECK(flv::parse_audio_tag(hex("91 6d703461 2110"))->offset == 5);
    CHECK(flv::parse_audio_tag(hex("91 4f707573 2110")).error() == flv::Errc::unsupported_codec);
    CHECK(flv::parse_audio_tag(hex("af")).error() == flv::Errc::truncated);
}

TEST_CASE("only coded audio and video count as frames") {
    CHECK(flv::is_frame(TrackKind::video, hex("27 01 000000 00000001 41")));
    CHECK(flv::is_frame(TrackKind::audio, hex("af 01 21")));
    CHECK_FALSE(flv::is_frame(TrackKind::video, hex("17 00 000000 01")));
    CHECK_FALSE(flv::is_frame(TrackKind::audio, hex("af 00 1190")));
    CHECK_FALSE(flv::is_frame(TrackKind::audio, hex("af 01")));
    CHECK_FALSE(flv::is_frame(TrackKind::video, hex("")));
}

TEST_CASE("an H.264 decoder configuration gives size and codec string") {
    const auto config = flv::parse_avc_config(kHigh720);
    REQUIRE(config);
    CHECK(config->width == 1280);
    CHECK(config->height == 720);
    CHECK(config->codecs() == "avc1.64001f");
    CHECK(config->nal_length_size == 4);
    const auto small = flv::parse_avc_config(kBaseline360);
    REQUIRE(small);
    CHECK(small->width == 640);
    CHECK(small->height == 360);
}

TEST_CASE("a decoder configuration cut anywhere in its SPS is refused") {
    for (std::size_t size = 0; size < 20; ++size) {
        CHECK(flv::parse_avc_config(ByteView{kHigh720}.first(size)).error() == flv::Errc::malformed_config);
    }
}

TEST_CASE("an AAC configuration gives rate and channels") {
    const auto stereo48 = flv::parse_audio_config(hex("1190"));
    REQUIRE(stereo48);
    CHECK(stereo48->sample_rate == 48000);
    CHECK(stereo48->channels == 2);
    CHECK(stereo48->codecs() == "mp4a.40.2");
    CHECK(flv::parse_audio_config(hex("1208"))->sample_rate == 44100);
    CHECK(flv::parse_audio_config(hex("1208"))->channels == 1);
    CHECK(flv::parse_audio_config(hex("17 80 5d c0 10"))->sample_rate == 0xBB80);
    CHECK(flv::parse_audio_config(hex("11")).error() == flv::Errc::malformed_config);
    CHECK(flv::parse_audio_config(hex("0000")).error() == flv::Errc::malformed_config);
}

TEST_CASE("a track is described from its sequence header") {
    const auto video = flv::describe(TrackKind::video, kHigh720);
    REQUIRE(video);
    CHECK((*video)->height == 720);
    CHECK(*(*video)->decoder_config == kHigh720);
    CHECK(flv::describe(TrackKind::audio, hex("1190")).value()->channels == 2);
}

TEST_CASE("a file read in any pieces gives back its tags") {
    Bytes file;
    flv::append_file_header(file, true, true);
    flv::append_file_tag(file, 9, 0x01000028, hex("17 01 000000 00000001 65"));
    flv::append_file_tag(file, 8, 40, hex("af 01 21"));
    for (const std::size_t step : {1u, 5u, 1000u}) {
        flv::FileReader reader;
        std::vector<flv::FileTag> tags;
        for (std::size_t at = 0; at < file.size(); at += step) {
            auto got = reader.feed(ByteView{file}.subspan(at, std::min(step, file.size() - at)));
            REQUIRE(got);
            for (auto& tag : *got) tags.push_back(std::move(tag));
        }
        REQUIRE(tags.size() == 2);
        CHECK(tags[0].timestamp == 0x01000028);
        CHECK(tags[0].type == 9);
        CHECK(tags[1].body == hex("af 01 21"));
    }
}

TEST_CASE("a file that is no FLV or claims a huge tag is refused") {
    CHECK(flv::FileReader().feed(as_bytes("RIFF....WAVEfmt ")).error() == flv::Errc::not_flv);
    Bytes file;
    flv::append_file_header(file, true, true);
    const auto tag = hex("09 ffffff 000000 00 000000");
    file.insert(file.end(), tag.begin(), tag.end());
    CHECK(flv::FileReader().feed(file).error() == flv::Errc::tag_too_long);
}
