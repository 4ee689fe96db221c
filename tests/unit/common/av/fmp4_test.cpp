#include "common/av/fmp4.hpp"

#include <map>
#include <string>

#include "common/av/error.hpp"
#include "common/av/fmp4_reader.hpp"
#include "common/base/byte_reader.hpp"
#include "common/base/byte_writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lesson.hpp"

using namespace tongke;
using namespace tongke::av;

namespace {

/// Type and place of each box, "moof/traf/tfdt" → content, in file order.
std::multimap<std::string, ByteView> boxes(ByteView bytes, const std::string& path = {}) {
    std::multimap<std::string, ByteView> out;
    ByteReader reader{bytes};
    while (reader.left() >= 8) {
        const auto size = reader.u32();
        const std::string type{as_text(reader.take(4))};
        const auto content = reader.take(size - 8);
        REQUIRE(reader.ok());
        out.emplace(path + type, content);
        if (type == "moof" || type == "traf" || type == "moov" || type == "trak" || type == "mvex")
            for (auto& inner : boxes(content, path + type + "/")) out.insert(inner);
    }
    return out;
}

std::uint64_t tfdt(ByteView content) {
    ByteReader reader{content};
    const auto version = reader.u32() >> 24;
    return version == 1 ? reader.u64() : reader.u32();
}

struct Cut {
    std::vector<Frame> frames;  // keeps the payloads
    std::vector<Sample> samples;
};

Cut two_seconds(std::int64_t start_ms) {
    test::Lesson lesson{start_ms};
    Cut cut;
    while (lesson.now_ms() < start_ms + 2000) cut.frames.push_back(lesson.next());
    std::int64_t audio = start_ms * 48;
    for (const auto& frame : cut.frames) {
        const bool video = frame.kind == TrackKind::video;
        Sample sample{.kind = frame.kind, .keyframe = frame.keyframe, .data = frame.elementary()};
        sample.dts = video ? frame.dts_ms * 90 : audio;
        sample.pts = sample.dts + (video ? frame.cts_ms * 90 : 0);
        sample.duration = video ? 3600 : 1024;
        if (!video) audio += 1024;
        cut.samples.push_back(sample);
    }
    return cut;
}

Tracks lesson_tracks() {
    test::Lesson lesson;
    return {lesson.video_track(), lesson.audio_track()};
}

}  // namespace

TEST_CASE("an init section has one track for picture and one for sound and no samples") {
    const auto init = mux_init(lesson_tracks()).value();
    const auto found = boxes(init);
    CHECK(found.count("ftyp") == 1);
    CHECK(found.count("moov/trak") == 2);
    CHECK(found.count("moov/mvex/trex") == 2);
    CHECK(found.count("moof") == 0);
}

TEST_CASE("the decode time of a fragment is the timeline itself, also beyond 32 bits") {
    const std::int64_t start_ms =
        GENERATE(0, 0x00FFFF00, 0x7FFFFF00, 0xFFFFFF00, std::int64_t{5} << 40, 4 * 3'600'000 + 1);
    const auto cut = two_seconds(start_ms);
    const auto fragment = mux_fragment(lesson_tracks(), 7, cut.samples).value();
    const auto found = boxes(fragment);
    REQUIRE(found.count("moof") == 1);
    REQUIRE(found.count("moof/traf/tfdt") == 2);
    auto it = found.lower_bound("moof/traf/tfdt");
    CHECK(tfdt(it->second) == static_cast<std::uint64_t>(start_ms) * 90);
    CHECK(tfdt((++it)->second) == static_cast<std::uint64_t>(start_ms) * 48);
    CHECK(ByteReader{found.find("moof/mfhd")->second.subspan(4)}.u32() == 7);
}

TEST_CASE("the media data is the samples' bytes, track after track") {
    const auto cut = two_seconds(0);
    const auto fragment = mux_fragment(lesson_tracks(), 1, cut.samples).value();
    Bytes expected;
    for (const auto kind : {TrackKind::video, TrackKind::audio})
        for (const auto& s : cut.samples)
            if (s.kind == kind) expected.insert(expected.end(), s.data.begin(), s.data.end());
    const auto mdat = boxes(fragment).find("mdat")->second;
    CHECK(Bytes(mdat.begin(), mdat.end()) == expected);
}

TEST_CASE("what was muxed is read back sample by sample") {
    const auto cut = two_seconds(4'000'000'000);
    const auto init = mux_init(lesson_tracks()).value();
    const auto read = demux_fragment(init, mux_fragment(lesson_tracks(), 7, cut.samples).value()).value();
    std::array<std::size_t, 2> at{};
    for (const auto& s : cut.samples) {
        const auto kind = static_cast<std::size_t>(s.kind);
        REQUIRE(at[kind] < read.samples[kind].size());
        CHECK(as_text(read.samples[kind][at[kind]++]) == as_text(s.data));
    }
    CHECK(at[0] == read.samples[0].size());
    CHECK(at[1] == read.samples[1].size());
}

TEST_CASE("what has not the shape of ours never reaches libavformat") {
    const auto cut = two_seconds(0);
    const auto good_init = mux_init(lesson_tracks()).value();
    const auto good = mux_fragment(lesson_tracks(), 7, cut.samples).value();
    const auto change = [](Bytes bytes, std::string_view type, std::size_t behind, std::uint8_t value) {
        const auto at = as_text(bytes).find(type);
        REQUIRE(at != std::string_view::npos);
        bytes[at + 4 + behind] = value;
        return bytes;
    };
    const auto box = [](std::string_view type, const Bytes& content) {
        Bytes bytes;
        ByteWriter out{bytes};
        out.u32(static_cast<std::uint32_t>(8 + content.size()));
        out.text(type);
        out.bytes(content);
        return bytes;
    };
    const auto joined = [](Bytes a, const Bytes& b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    };
    const auto refused = [](const Bytes& init, const Bytes& segment) {
        return demux_fragment(init, segment).error() == Errc::bad_sample;
    };
    REQUIRE(demux_fragment(good_init, good));
    SECTION("a count far above what is there") {
        CHECK(refused(good_init, change(good, "trun", 4, 0x0f)));
        CHECK(refused(change(good_init, "stts", 4, 0x0f), good));
        CHECK(refused(change(good_init, "stsz", 8, 0x0f), good));
    }
    SECTION("many such counts, each of them modest") {
        const auto one = box("trun", {0, 0, 0, 0, 0, 1, 0x86, 0x9f});  // 99,999 samples without a byte each
        CHECK(refused(good_init, joined(good, box("moof", box("traf", joined(one, one))))));
    }
    SECTION("a box that reaches out of the init section into the segment") {
        CHECK(refused(joined(good_init, {0, 0, 1, 0, 'm', 'd', 'a', 't'}), good));
        CHECK(refused(joined(good_init, {0, 0, 0, 0, 'm', 'd', 'a', 't'}), good));
        CHECK(refused(joined(good_init, {0, 0, 0}), good));
    }
    SECTION("boxes that ours has not, wherever they stand") {
        for (const auto* type : {"senc", "cmov", "sinf", "sidx", "ctts"})
            CHECK(refused(good_init, joined(good, box(type, Bytes(16)))));
        CHECK(refused(good_init, joined(good, box("udta", box("stss", Bytes(8))))));
    }
    SECTION("a sample entry behind whose head more stands than ours has") {
        CHECK(refused(change(good_init, "mp4a", 9, 1), good));
        CHECK(refused(change(good_init, "avc1", 75, 8), good));
    }
    SECTION("boxes in boxes, deeper than any file has them") {
        Bytes nested;
        for (int i = 0; i < 2000; ++i) nested = box("moof", nested);
        CHECK(refused(good_init, nested));
    }
}

TEST_CASE("the same samples give the same bytes") {
    const auto first = two_seconds(123'456), second = two_seconds(123'456);
    const auto tracks = lesson_tracks();
    CHECK(mux_fragment(tracks, 3, first.samples).value() ==
          mux_fragment(lesson_tracks(), 3, second.samples).value());
    CHECK(mux_init(tracks).value() == mux_init(lesson_tracks()).value());
}

TEST_CASE("a fragment may lack one of its tracks") {
    auto cut = two_seconds(0);
    std::erase_if(cut.samples, [](const Sample& s) { return s.kind == TrackKind::video; });
    const auto found = boxes(mux_fragment(lesson_tracks(), 1, cut.samples).value());
    CHECK(found.count("moof/traf") == 1);
}

TEST_CASE("what cannot be muxed is an error with a reason") {
    CHECK(mux_init({}).error() == Errc::no_tracks);
    auto no_size = *lesson_tracks().video;
    no_size.width = 0;
    CHECK(mux_init({std::make_shared<TrackDescription>(no_size), nullptr}).error() ==
          Errc::bad_decoder_config);
    auto no_config = *lesson_tracks().audio;
    no_config.decoder_config = share({});
    CHECK(mux_init({nullptr, std::make_shared<TrackDescription>(no_config)}).error() ==
          Errc::bad_decoder_config);
    auto cut = two_seconds(0);
    std::erase_if(cut.samples, [](const Sample& s) { return s.kind == TrackKind::audio; });
    cut.samples[3].dts = cut.samples[1].dts;
    CHECK(mux_fragment(lesson_tracks(), 1, cut.samples).error() == Errc::bad_sample);
    CHECK(mux_fragment({nullptr, lesson_tracks().audio}, 1, cut.samples).error() == Errc::bad_sample);
}

TEST_CASE("codecs are named as RFC 6381 wants") {
    CHECK_THAT(codecs_of(lesson_tracks()), Catch::Matches("avc1\\.[0-9a-f]{6},mp4a\\.40\\.2"));
    CHECK(codecs_of({nullptr, lesson_tracks().audio}) == "mp4a.40.2");
}
