#include "common/media/annex_b.hpp"

#include "common/media/flv.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"

using namespace tongke;

namespace {

Bytes joined(const std::vector<Bytes>& units, bool long_codes) {
    Bytes out;
    for (const auto& unit : units) {
        if (long_codes) out.push_back(0);
        out.insert(out.end(), {0, 0, 1});
        out.insert(out.end(), unit.begin(), unit.end());
    }
    return out;
}

const Bytes kSps{0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x6a, 0x02, 0x02,
                 0x02, 0x80, 0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x19, 0x07, 0x8c, 0x18, 0xcb};
const Bytes kPps{0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0};

}  // namespace

TEST_CASE("units are found behind start codes of three and of four bytes") {
    const bool long_codes = GENERATE(false, true);
    const std::vector<Bytes> units{{0x09, 0xF0}, kSps, kPps, {0x65, 1, 2, 3}};
    const auto bytes = joined(units, long_codes);
    const auto found = h264::nal_units(bytes);
    REQUIRE(found.size() == units.size());
    for (std::size_t i = 0; i < units.size(); ++i) CHECK(Bytes(found[i].begin(), found[i].end()) == units[i]);
}

TEST_CASE("broken or empty bytes have no units and do no harm") {
    CHECK(h264::nal_units({}).empty());
    CHECK(h264::nal_units(Bytes{0, 0, 1}).empty());
    CHECK(h264::nal_units(Bytes{0, 0, 0, 0, 1, 0, 0, 1}).empty());
    CHECK(h264::nal_units(Bytes{1, 2, 3, 4}).empty());
    CHECK(h264::to_avcc({}).empty());
    CHECK_FALSE(h264::decoder_config({}));
    CHECK_FALSE(h264::decoder_config(joined({kPps}, true)));
    CHECK_FALSE(h264::decoder_config(joined({{0x67, 1}, kPps}, true)));
}

TEST_CASE("coded units get lengths; parameter sets, delimiter and filler stay out") {
    const auto avcc =
        h264::to_avcc(joined({{0x09, 0xF0}, kSps, kPps, {0x65, 1, 2}, {0x0C, 0xFF}, {0x65, 3}}, true));
    CHECK(avcc == Bytes{0, 0, 0, 3, 0x65, 1, 2, 0, 0, 0, 2, 0x65, 3});
}

TEST_CASE("the configuration record is the one that encoders over RTMP send") {
    const auto record = h264::decoder_config(joined({kSps, kPps}, true));
    REQUIRE(record);
    CHECK(*record == test::avc_config());
    const auto parsed = flv::parse_avc_config(*record);
    REQUIRE(parsed);
    CHECK(parsed->width == 1280);
    CHECK(parsed->height == 720);
    CHECK(parsed->codecs() == "avc1.64001f");
}

TEST_CASE("the bodies that are built are the bodies that are parsed") {
    const Bytes data{1, 2, 3};
    for (const bool key : {false, true}) {
        const auto body = flv::video_body(key, -40, data);
        const auto tag = flv::parse_video_tag(body);
        REQUIRE(tag);
        CHECK(tag->keyframe == key);
        CHECK(tag->cts_ms == -40);
        CHECK(tag->packet == flv::Packet::coded);
        CHECK(tag->offset == flv::kVideoBodyOffset);
    }
    const auto body = flv::audio_body(data);
    const auto tag = flv::parse_audio_tag(body);
    REQUIRE(tag);
    CHECK(tag->packet == flv::Packet::coded);
    CHECK(tag->offset == flv::kAudioBodyOffset);
    CHECK(Bytes(body.begin() + tag->offset, body.end()) == data);
}
