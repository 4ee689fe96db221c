#include "relay/ingest/ingest.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

rtmp::MediaReceived video(Bytes tag, std::uint32_t ts = 0) { return {TrackKind::video, ts, std::move(tag)}; }
rtmp::MediaReceived audio(Bytes tag, std::uint32_t ts = 0) { return {TrackKind::audio, ts, std::move(tag)}; }

}  // namespace

TEST_CASE("a frame carries its tag, where its data begin, and its track") {
    Ingest ingest;
    REQUIRE_FALSE(ingest.on_media(video(test::video_header_tag()), {}).value());
    const auto frame = ingest.on_media(video(test::video_tag(true, 7), 1234), SteadyTime{}).value();
    REQUIRE(frame);
    CHECK(frame->keyframe);
    CHECK(frame->timestamp == 1234);
    CHECK(*frame->payload == test::video_tag(true, 7));
    CHECK(frame->payload_offset == 5);
    CHECK(frame->track->width == 1280);
    CHECK(*frame->track->decoder_config == test::avc_config());
}

TEST_CASE("the same header again makes no new description, another one does") {
    Ingest ingest;
    ingest.on_media(video(test::video_header_tag()), {}).value();
    const auto first = ingest.on_media(video(test::video_tag(true, 1)), {}).value()->track;
    ingest.on_media(video(test::video_header_tag()), {}).value();
    CHECK(ingest.on_media(video(test::video_tag(true, 2)), {}).value()->track == first);
    ingest.on_media(video(test::video_header_tag(1)), {}).value();
    CHECK(ingest.on_media(video(test::video_tag(true, 3)), {}).value()->track != first);
}

TEST_CASE("a frame before its sequence header is an error") {
    Ingest ingest;
    CHECK(ingest.on_media(video(test::video_tag(true, 1)), {}).error() == IngestErrc::no_sequence_header);
    CHECK(ingest.on_media(audio(test::audio_tag(1)), {}).error() == IngestErrc::no_sequence_header);
}

TEST_CASE("NAL lengths that reach beyond the frame are an error and the next frame is taken") {
    Ingest ingest;
    ingest.on_media(video(test::video_header_tag()), {}).value();
    auto tag = test::video_tag(false, 1);
    tag[5] = 0x7f;
    CHECK(ingest.on_media(video(tag), {}).error() == IngestErrc::bad_nal_lengths);
    CHECK(ingest.on_media(video(test::video_tag(false, 2)), {}).value());
}

TEST_CASE("hostile tags are errors or nothing, never frames") {
    Ingest ingest;
    ingest.on_media(video(test::video_header_tag()), {}).value();
    for (const auto& tag : {Bytes{0x17}, Bytes{0x17, 1}, Bytes{0x17, 1, 0, 0, 0}, Bytes{0x17, 0, 0, 0, 0},
                            Bytes{0x17, 0, 0, 0, 0, 1, 2, 3}, Bytes{0x27, 9, 0, 0, 0, 1}}) {
        const auto result = ingest.on_media(video(tag), {});
        CHECK((!result || !*result));
    }
    for (const auto& tag : {Bytes{0xAF}, Bytes{0xAF, 0}, Bytes{0xAF, 0, 0xff}, Bytes{0xAF, 1}}) {
        const auto result = ingest.on_media(audio(tag), {});
        CHECK((!result || !*result));
    }
}
