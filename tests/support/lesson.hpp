// A lesson without end for tests: the H.264 and AAC frames of
// tests/golden/hls/lesson.flv over and over (a keyframe every 2 s, B-frames),
// timed exactly as an encoder at 25 fps and 48 kHz would, from any timestamp.
#pragma once
#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "common/media/flv.hpp"
#include "common/media/frame.hpp"

namespace tongke::test {

class Lesson {
  public:
    explicit Lesson(std::int64_t start_ms = 0) : start_ms_(start_ms) { load(); }

    /// The next frame in order of time, without number and mark.
    Frame next() {
        const auto video_at = video_ * 40;
        const auto audio_at = audio_ * 1024 * 1000 / 48'000;
        const bool is_video = video_at <= audio_at;
        auto& source = is_video ? videos_ : audios_;
        auto& index = is_video ? video_ : audio_;
        Frame frame = source[static_cast<std::size_t>(index) % source.size()];
        frame.dts_ms = start_ms_ + (is_video ? video_at : audio_at);
        ++index;
        return frame;
    }
    /// The publisher is away: time goes on, the picture starts again at a keyframe.
    void pause(std::int64_t ms) {
        start_ms_ += std::max(video_ * 40, audio_ * 64 / 3) + ms;
        video_ = audio_ = 0;
    }
    std::int64_t now_ms() const { return start_ms_ + video_ * 40; }

    const SharedTrack& video_track() const { return videos_.front().track; }
    const SharedTrack& audio_track() const { return audios_.front().track; }

  private:
    static constexpr std::size_t kVideoFrames = 300;  // six whole GOPs

    void load() {
        std::ifstream file(std::string{TONGKE_TESTS_DIR} + "/golden/hls/lesson.flv", std::ios::binary);
        const Bytes bytes{std::istreambuf_iterator<char>{file}, {}};
        flv::FileReader reader;
        auto tags = reader.feed(bytes);
        if (!tags) throw std::runtime_error("lesson.flv: " + tags.error().message());
        SharedTrack video, audio;
        for (auto& tag : *tags) {
            if (tag.type == 9) add_video(tag, video);
            if (tag.type == 8) add_audio(tag, audio);
        }
        videos_.resize(kVideoFrames);
    }
    void add_video(flv::FileTag& tag, SharedTrack& track) {
        const auto parsed = flv::parse_video_tag(tag.body).value();
        if (parsed.packet == flv::Packet::sequence_header)
            track = flv::describe(TrackKind::video, ByteView{tag.body}.subspan(parsed.offset)).value();
        if (parsed.packet != flv::Packet::coded) return;
        Frame frame{.kind = TrackKind::video, .keyframe = parsed.keyframe, .cts_ms = parsed.cts_ms};
        frame.payload_offset = parsed.offset;
        frame.track = track;
        frame.payload = share(std::move(tag.body));
        videos_.push_back(std::move(frame));
    }
    void add_audio(flv::FileTag& tag, SharedTrack& track) {
        const auto parsed = flv::parse_audio_tag(tag.body).value();
        if (parsed.packet == flv::Packet::sequence_header)
            track = flv::describe(TrackKind::audio, ByteView{tag.body}.subspan(parsed.offset)).value();
        if (parsed.packet != flv::Packet::coded) return;
        Frame frame{.kind = TrackKind::audio};
        frame.payload_offset = parsed.offset;
        frame.track = track;
        frame.payload = share(std::move(tag.body));
        audios_.push_back(std::move(frame));
    }

    std::int64_t start_ms_;
    std::int64_t video_ = 0;
    std::int64_t audio_ = 0;
    std::vector<Frame> videos_, audios_;
};

}  // namespace tongke::test
