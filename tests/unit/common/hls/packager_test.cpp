#include "common/hls/packager.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "common/base/byte_reader.hpp"
#include "common/hls/presentation.hpp"
#include "common/hls/segmenter.hpp"
#include "common/media/h264.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hls_rules.hpp"
#include "tests/support/lesson.hpp"

using namespace tongke;
using namespace tongke::hls;
using namespace std::chrono_literals;

namespace {

/// What relay/stream does: marks on frames, numbered from an allocator.
class Marker {
  public:
    explicit Marker(SegmenterConfig config = {.run = "1a"}, std::int64_t first_msn = 100)
        : next_msn_(first_msn), segmenter_(std::move(config), [this] { return next_msn_++; }) {}
    SharedFrame mark(Frame frame, bool discontinuity = false) {
        frame.opens_segment = segmenter_.on_frame(frame.kind, frame.keyframe, frame.dts_ms, discontinuity);
        return std::make_shared<const Frame>(std::move(frame));
    }

  private:
    std::int64_t next_msn_;
    Segmenter segmenter_;
};

struct Track {
    std::uint64_t decode_time = 0;
    std::uint64_t duration = 0;
    std::uint32_t samples = 0;
};

/// Decode time and length of each track of a fragment, read from moof.
std::vector<Track> tracks_of(const Segment& segment) {
    std::vector<Track> out;
    const std::string_view bytes = as_text(*segment.data);
    for (std::size_t at = bytes.find("tfhd"); at != std::string_view::npos; at = bytes.find("tfhd", at + 1)) {
        Track track;
        ByteReader tfhd{as_bytes(bytes.substr(at + 4))};
        const auto flags = tfhd.u32() & 0xffffff;
        tfhd.u32();
        std::uint32_t usual = 0;
        if (flags & 0x08) usual = tfhd.u32();
        ByteReader tfdt{as_bytes(bytes.substr(bytes.find("tfdt", at) + 4))};
        const auto version = tfdt.u32() >> 24;
        track.decode_time = version == 1 ? tfdt.u64() : tfdt.u32();
        ByteReader trun{as_bytes(bytes.substr(bytes.find("trun", at) + 4))};
        const auto has = trun.u32() & 0xffffff;
        track.samples = trun.u32();
        if (has & 0x001) trun.u32();
        if (has & 0x004) trun.u32();
        for (std::uint32_t i = 0; i < track.samples; ++i) {
            track.duration += has & 0x100 ? trun.u32() : usual;
            for (const auto field : {0x200u, 0x400u, 0x800u})
                if (has & field) trun.u32();
        }
        out.push_back(track);
        if (out.size() == 2) break;
    }
    return out;
}

struct Packaged {
    std::vector<SharedSegment> segments;
    Packager packager{[this](SharedSegment s) { segments.push_back(std::move(s)); }};
};

}  // namespace

TEST_CASE("two second segments come out with names, dates and both tracks") {
    test::Lesson lesson{5'000};
    Marker marker{{.run = "1a", .pdt_offset_ms = 1'744'768'800'000}};
    Packaged out;
    while (lesson.now_ms() < 13'100) out.packager.on_frame(marker.mark(lesson.next()));
    REQUIRE(out.segments.size() == 4);
    const auto& second = *out.segments[1];
    CHECK(second.name == "1a/101.m4s");
    CHECK(second.duration_us == 2'000'000);
    CHECK(second.begin_ms == 7'000);
    CHECK(second.pdt_ms == 1'744'768'807'000);
    CHECK(second.target_duration == 2);
    CHECK_FALSE(second.discontinuity);
    CHECK(second.init == out.segments[0]->init);
    CHECK_THAT(second.init->name, Catch::Matches("1a/init-[0-9a-f]{8}\\.mp4"));
    CHECK(second.init->width == 160);
    const auto tracks = tracks_of(second);
    REQUIRE(tracks.size() == 2);
    CHECK(tracks[0].decode_time == 7'000 * 90);
    CHECK(tracks[0].duration == 2'000 * 90);
}

TEST_CASE("a segment is the same in every container but for its bytes, also where the encoder changes") {
    std::vector<SharedSegment> mp4, ts;
    Packager packager{
        [&](SharedSegment s) { (s->container == Container::ts ? ts : mp4).push_back(std::move(s)); },
        {Container::fmp4, Container::ts}};
    test::Lesson lesson;
    Marker marker;
    while (lesson.now_ms() < 20'000) {
        auto frame = lesson.next();
        const bool changes = frame.keyframe && frame.dts_ms >= 9'900 && frame.dts_ms < 10'100;
        packager.on_frame(marker.mark(std::move(frame), changes));
    }
    packager.finish();
    REQUIRE(mp4.size() == ts.size());
    REQUIRE(mp4.size() >= 9);
    CHECK(packager.counts().segments == mp4.size());
    for (std::size_t i = 0; i < mp4.size(); ++i) {
        CHECK(ts[i]->msn == mp4[i]->msn);
        CHECK(ts[i]->duration_us == mp4[i]->duration_us);
        CHECK(ts[i]->pdt_ms == mp4[i]->pdt_ms);
        CHECK(ts[i]->discontinuity == mp4[i]->discontinuity);
        CHECK(ts[i]->name == fmt::format("1a/{}.ts", mp4[i]->msn));
        CHECK(ts[i]->init->codecs == mp4[i]->init->codecs);
        CHECK_FALSE(ts[i]->init->data);
        CHECK(ts[i]->data->size() % 188 == 0);
    }
}

TEST_CASE("nothing is delivered before the target duration is known") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 1'990) out.packager.on_frame(marker.mark(lesson.next()));
    CHECK(out.segments.empty());
}

TEST_CASE("what is longer than the target duration that was settled after it is in no playlist") {
    test::Lesson lesson;
    std::vector<SharedSegment> segments;
    Packager packager{[&](SharedSegment s) { segments.push_back(std::move(s)); },
                      {Container::fmp4, Container::ts}};
    std::int64_t msn = 7;
    const auto play = [&](std::int64_t until_ms, int target) {
        while (lesson.now_ms() < until_ms) {
            auto frame = lesson.next();
            const bool opens = frame.kind == TrackKind::video && frame.keyframe && frame.dts_ms % 4000 == 0;
            if (opens)
                frame.opens_segment = SegmentMark{.run = "1a", .msn = msn++, .target_duration = target};
            packager.on_frame(std::make_shared<const Frame>(std::move(frame)));
        }
    };
    play(3990, 0);
    play(7990, 2);  // opens at 4 s, and closes one of four seconds
    CHECK(segments.empty());
    play(8100, 4);
    packager.finish();
    REQUIRE(segments.size() == 4);
    CHECK(segments[0]->msn == 8);
    CHECK(segments[1]->msn == 8);
    CHECK(segments[3]->msn == 9);
}

TEST_CASE("the same frames and marks give the same bytes") {
    Packaged first, second;
    for (auto* out : {&first, &second}) {
        test::Lesson lesson{0x7FFFFF00};
        Marker marker;
        while (lesson.now_ms() < 0x7FFFFF00LL + 9'000) out->packager.on_frame(marker.mark(lesson.next()));
    }
    REQUIRE(first.segments.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(*first.segments[i]->data == *second.segments[i]->data);
        CHECK(first.segments[i]->init->name == second.segments[i]->init->name);
        CHECK(*first.segments[i]->init->data == *second.segments[i]->init->data);
    }
}

TEST_CASE("sound lies in the segment in which it is heard, however it was interleaved") {
    const int audio_delay = GENERATE(0, 60, -60);  // frames of sound arrive this much later or earlier, ms
    test::Lesson lesson;
    std::vector<Frame> frames;
    while (lesson.now_ms() < 9'000) frames.push_back(lesson.next());
    std::stable_sort(frames.begin(), frames.end(), [&](const Frame& a, const Frame& b) {
        const auto arrival = [&](const Frame& f) {
            return f.dts_ms + (f.kind == TrackKind::audio ? audio_delay : 0);
        };
        return arrival(a) < arrival(b);
    });
    Marker marker;
    Packaged out;
    for (auto& frame : frames) out.packager.on_frame(marker.mark(frame));
    REQUIRE(out.segments.size() >= 3);
    const auto second = tracks_of(*out.segments[1]);
    // The first frame of sound at or after 2 s is number 94 (2005.3 ms), the first at or after 4 s is 188.
    CHECK(second.at(1).decode_time == 94 * 1024);
    CHECK(second.at(1).samples == 94);
    CHECK(out.packager.counts().frames_left_out == 0);
}

TEST_CASE("sound that is far too late is not waited for") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 2'280) {
        auto frame = lesson.next();
        if (frame.kind == TrackKind::audio && frame.dts_ms >= 1'900) continue;
        out.packager.on_frame(marker.mark(std::move(frame)));
    }
    CHECK(out.segments.empty());
    while (lesson.now_ms() < 2'360) {
        auto frame = lesson.next();
        if (frame.kind == TrackKind::video) out.packager.on_frame(marker.mark(std::move(frame)));
    }
    CHECK(out.segments.size() == 1);
}

TEST_CASE("picture without sound and sound without picture are packaged") {
    const auto kind = GENERATE(TrackKind::video, TrackKind::audio);
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 14'000) {
        auto frame = lesson.next();
        if (frame.kind == kind) out.packager.on_frame(marker.mark(std::move(frame)));
    }
    REQUIRE(out.segments.size() >= 4);
    CHECK_FALSE(out.segments[2]->gap);
    CHECK(tracks_of(*out.segments[2]).size() == 1);
    CHECK(out.segments[2]->init->codecs.starts_with(kind == TrackKind::video ? "avc1" : "mp4a"));
}

TEST_CASE("a publisher that returns after an absence opens one segment with a discontinuity") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 5'000) out.packager.on_frame(marker.mark(lesson.next()));
    lesson.pause(3'000);
    const auto back = lesson.now_ms();
    out.packager.on_frame(marker.mark(lesson.next(), true));
    while (lesson.now_ms() < back + 4'100) out.packager.on_frame(marker.mark(lesson.next()));
    REQUIRE(out.segments.size() == 5);
    CHECK(out.segments[2]->duration_us == 1'000'000);
    CHECK(out.segments[3]->discontinuity);
    CHECK(out.segments[3]->begin_ms == back);
    CHECK(out.segments[3]->init == out.segments[0]->init);
    CHECK(tracks_of(*out.segments[3]).at(0).decode_time == static_cast<std::uint64_t>(back) * 90);
}

TEST_CASE("sound that runs ahead of the returning picture does not stretch the segment before") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 5'000) out.packager.on_frame(marker.mark(lesson.next()));
    lesson.pause(3'000);
    auto key = lesson.next();
    auto early = lesson.next();
    early.dts_ms = key.dts_ms - 20;
    out.packager.on_frame(marker.mark(early));
    out.packager.on_frame(marker.mark(key, true));
    const auto back = key.dts_ms;
    while (lesson.now_ms() < back + 2'100) out.packager.on_frame(marker.mark(lesson.next()));
    REQUIRE(out.segments.size() == 4);
    CHECK(out.segments[2]->duration_us == 1'000'000);
    CHECK(out.packager.counts().frames_left_out == 1);
}

TEST_CASE("other decoder parameters get an init section of their own and a discontinuity") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 4'000) out.packager.on_frame(marker.mark(lesson.next()));
    auto changed = *lesson.video_track();
    changed.width = 320;
    auto record = *changed.decoder_config;
    record[3] += 1;  // level
    changed.decoder_config = share(record);
    const auto track = std::make_shared<const TrackDescription>(changed);
    for (bool first = true; lesson.now_ms() < 8'100; first = false) {
        auto frame = lesson.next();
        if (frame.kind == TrackKind::video) frame.track = track;
        out.packager.on_frame(marker.mark(std::move(frame), first));
    }
    REQUIRE(out.segments.size() >= 4);
    CHECK(out.segments[2]->discontinuity);
    CHECK(out.segments[2]->init->name != out.segments[1]->init->name);
    CHECK(out.segments[2]->init->width == 320);
    CHECK_FALSE(out.segments[3]->discontinuity);
}

TEST_CASE("a change of parameters leaves no hole: the last picture stands until the next source's first") {
    for (const auto absence : {-20, 60, 400}) {
        test::Lesson lesson;
        Marker marker;
        Packaged out;
        while (lesson.now_ms() < 5'000) out.packager.on_frame(marker.mark(lesson.next()));
        lesson.pause(absence);
        const auto back = lesson.now_ms();
        out.packager.on_frame(marker.mark(lesson.next(), true));
        while (lesson.now_ms() < back + 2'100) out.packager.on_frame(marker.mark(lesson.next()));
        REQUIRE(out.segments.size() >= 4);
        CHECK(out.segments[3]->discontinuity);
        CHECK(out.segments[2]->duration_us == (back - 4'000) * 1000);
    }
}

TEST_CASE("after a discontinuity the parameter sets stand in the first picture too, and only there") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 4'000) out.packager.on_frame(marker.mark(lesson.next()));
    lesson.pause(40);
    out.packager.on_frame(marker.mark(lesson.next(), true));
    while (lesson.now_ms() < 10'000) out.packager.on_frame(marker.mark(lesson.next()));
    REQUIRE(out.segments.size() >= 4);
    const auto sets = h264::parameter_sets(*lesson.video_track()->decoder_config);
    REQUIRE_FALSE(sets.empty());
    for (const auto& segment : out.segments) {
        const auto& bytes = *segment->data;
        const bool there = std::search(bytes.begin(), bytes.end(), sets.begin(), sets.end()) != bytes.end();
        CHECK(there == segment->discontinuity);
    }
}

TEST_CASE("a segment that cannot be muxed is listed as a gap and the stream goes on") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 8'100) {
        auto frame = lesson.next();
        if (lesson.now_ms() > 2'500 && lesson.now_ms() < 3'900 && frame.kind == TrackKind::video) {
            // Nothing but the FLV header: no sample.
            frame.payload =
                share(Bytes(frame.payload->begin(), frame.payload->begin() + frame.payload_offset));
        }
        if (frame.dts_ms >= 4'000 && frame.dts_ms < 6'000) frame.payload_offset = 0xFFFFFF;
        out.packager.on_frame(marker.mark(std::move(frame)));
    }
    REQUIRE(out.segments.size() == 4);
    CHECK_FALSE(out.segments[1]->gap);
    CHECK(out.segments[2]->gap);
    CHECK(out.segments[2]->msn == 102);
    CHECK_FALSE(out.segments[3]->gap);
    CHECK(out.packager.counts().failed == 1);
}

TEST_CASE("at the end of the stream the open segment is delivered") {
    test::Lesson lesson;
    Marker marker;
    Packaged out;
    while (lesson.now_ms() < 5'000) out.packager.on_frame(marker.mark(lesson.next()));
    out.packager.finish();
    REQUIRE(out.segments.size() == 3);
    CHECK(out.segments[2]->duration_us == 1'000'000);
}

TEST_CASE("six hours from any timestamp keep picture and sound together and break no rule") {
    const std::int64_t start_ms = GENERATE(0x00FF0000, 0x7FFFFF00, 0xFFFFFF00);
    test::Lesson lesson{start_ms};
    Marker marker{{.run = "1a", .pdt_offset_ms = 1'744'768'800'000 - start_ms}};
    ManualClock clock;
    Presentation presentation;
    std::optional<std::string> previous;
    std::optional<std::int64_t> first_skew;  // in 1/90000 s
    std::uint64_t next_video = 0, next_audio = 0;
    std::int64_t worst_skew_change = 0, extinf_us = 0, segments = 0;
    Packager packager{[&](SharedSegment s) {
        const auto tracks = tracks_of(*s);
        REQUIRE(tracks.size() == 2);
        if (next_video != 0) REQUIRE(tracks[0].decode_time == next_video);
        if (next_audio != 0) REQUIRE(tracks[1].decode_time == next_audio);
        next_video = tracks[0].decode_time + tracks[0].duration;
        next_audio = tracks[1].decode_time + tracks[1].duration;
        // Sound by count against the millisecond that the encoder's clock shows at the boundary.
        const auto skew =
            static_cast<std::int64_t>(next_audio) * 90 / 48 - static_cast<std::int64_t>(next_video);
        if (!first_skew) first_skew = skew;
        worst_skew_change = std::max(worst_skew_change, std::abs(skew - *first_skew));
        REQUIRE(s->pdt_ms == 1'744'768'800'000 + extinf_us / 1000);
        extinf_us += s->duration_us;
        ++segments;
        clock.advance(2s);
        presentation.expire(clock.now());
        REQUIRE(presentation.add(s, clock.now()) == AddResult::added);
        if (segments % 7 != 0) return;
        presentation.answer({.method = "GET"}, "live.m3u8", {}, clock.now(),
                            http::Reply{[&](http::Response r) {
                                const std::string text{as_text(*r.shared)};
                                REQUIRE(describe(check_playlist(previous, text)) == "");
                                previous = text;
                            }});
    }};
    const auto hours = 6;
    while (lesson.now_ms() < start_ms + hours * 3'600'000LL) packager.on_frame(marker.mark(lesson.next()));
    CHECK(segments == hours * 1800 - 1);
    // The boundary falls within a frame of sound: one frame is 1920 ticks.
    CHECK(worst_skew_change <= 1920);
    CHECK(packager.counts().audio_resyncs == 0);
    CHECK(presentation.kept_segments() <= 63);
}

TEST_CASE("restarts of encoder and relay break no rule of the playlist") {
    test::Lesson lesson{0xFFFFFF00};
    ManualClock clock;
    std::optional<std::string> previous;
    const auto show = [&](Presentation& presentation) {
        presentation.answer({.method = "GET"}, "live.m3u8", {}, clock.now(),
                            http::Reply{[&](http::Response r) {
                                const std::string text{as_text(*r.shared)};
                                CAPTURE(text);
                                REQUIRE(describe(check_playlist(previous, text)) == "");
                                previous = text;
                            }});
    };
    std::int64_t msn = 16;
    for (int life = 0; life < 5; ++life) {
        Presentation presentation;
        Marker marker{{.run = fmt::format("{:x}", 100 + life),
                       .pdt_offset_ms = 1'744'768'800'000 - 0xFFFFFF00LL,
                       .target_duration = life == 0 ? std::optional<int>{} : 2,
                       .first_is_discontinuity = life > 0},
                      msn};
        Packager packager{[&](SharedSegment s) {
            clock.advance(2s);
            msn = s->msn;
            REQUIRE(presentation.add(std::move(s), clock.now()) == AddResult::added);
            show(presentation);
        }};
        for (int publication = 0; publication < 6; ++publication) {
            const auto until = lesson.now_ms() + 31'000 + 700 * publication;
            packager.on_frame(marker.mark(lesson.next(), publication > 0));
            while (lesson.now_ms() < until) packager.on_frame(marker.mark(lesson.next()));
            lesson.pause(900 * publication + 600);
        }
        msn = (msn / 16 + 2) * 16;
    }
    CHECK(previous);
}
