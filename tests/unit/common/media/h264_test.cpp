#include "common/media/h264.hpp"

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

TEST_CASE("a coded sequence begins with an IDR picture, wherever it stands in the frame") {
    const Bytes idr{0, 0, 0, 2, 0x65, 1}, other{0, 0, 0, 2, 0x41, 1}, sei{0, 0, 0, 1, 0x06};
    const auto joined = [](Bytes head, const Bytes& tail) {
        head.insert(head.end(), tail.begin(), tail.end());
        return head;
    };
    CHECK(h264::has_idr(idr, 4));
    CHECK(h264::has_idr(joined(sei, idr), 4));
    CHECK_FALSE(h264::has_idr(joined(sei, other), 4));
    CHECK(h264::has_idr(Bytes{0, 2, 0x65, 1}, 2));
    CHECK_FALSE(h264::has_idr(Bytes{}, 4));
    CHECK_FALSE(h264::has_idr(Bytes{0, 0, 0, 9, 0x65}, 4));              // cut short
    CHECK_FALSE(h264::has_idr(Bytes{0, 0, 0, 0, 0, 0, 0, 1, 0x65}, 4));  // a unit of nothing
}

TEST_CASE("parameter sets are found in a decoder's record, and a broken record has none") {
    const auto record = test::avc_config();
    const auto sets = h264::parameter_sets(record);
    REQUIRE(sets.size() == 4 + 28 + 4 + 6);
    CHECK(Bytes(sets.begin(), sets.begin() + 5) == Bytes{0, 0, 0, 28, 0x67});
    CHECK(Bytes(sets.begin() + 32, sets.begin() + 37) == Bytes{0, 0, 0, 6, 0x68});
    for (std::size_t size = 0; size < 8 + 28 + 3 + 6; ++size)
        CHECK(h264::parameter_sets(ByteView{record}.first(size)).empty());
    auto two_bytes = record;
    two_bytes[4] = 0xFD;
    CHECK(h264::parameter_sets(two_bytes).size() == 2 + 28 + 2 + 6);
}
