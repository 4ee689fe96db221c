// A stream on a hub whose one worker is run by hand, on a virtual clock, with a
// reader of all that it puts out.
#pragma once
#include <boost/asio/io_context.hpp>

#include "relay/stream/stream_hub.hpp"
#include "tests/support/media.hpp"

namespace tongke::relay {

using namespace std::chrono_literals;

struct Frames final : FrameReader {
    void on_frame(const SharedFrame& frame) override { all.push_back(frame); }
    void on_stream_ended() override { ++ends; }
    std::vector<SharedFrame> all;
    int ends = 0;
};

struct Stage {
    explicit Stage(const std::string& folder, StreamOptions options = {})
        : hub(workers, metrics, clock, folder, net::SendBurst::Way::send) {
        hub.add("main", options);
        hub.view(0, "main")->attach(frames);
    }
    ~Stage() {
        hub.view(0, "main")->detach(frames);
        run();
    }
    Stream& stream() { return *hub.find("main"); }
    void run() {
        workers.context(0).restart();
        workers.context(0).poll();
    }
    /// 40 ms of picture with its sound, keyframes every `group`.
    void play(PublicationId id, int count, int group = 50) {
        for (int i = 0; i < count; ++i) {
            picture(id, i % group == 0);
            clock.advance(40ms);
            timestamp += 40;
        }
        stream().flush();
        run();
    }
    void picture(PublicationId id, bool keyframe) {
        for (auto& frame : picture_and_sound(keyframe)) stream().append(id, std::move(frame));
    }
    std::vector<IngestFrame> picture_and_sound(bool keyframe) const {
        std::vector<IngestFrame> both;
        IngestFrame frame;
        frame.keyframe = keyframe;
        frame.timestamp = timestamp;
        frame.arrival = clock.now();
        auto body = test::video_tag(keyframe, 1);
        if (open_gop) body[9] = 0x41;  // a picture that refers to others, though players may begin with it
        frame.payload = share(std::move(body));
        frame.payload_offset = 5;
        frame.cts_ms = 80;
        frame.track = video;
        both.push_back(frame);
        frame.kind = TrackKind::audio;
        frame.timestamp = timestamp - sound_lag;
        frame.cts_ms = 0;
        frame.keyframe = false;
        frame.payload = share(test::audio_tag(1));
        frame.track = audio;
        both.push_back(frame);
        return both;
    }
    /// What the hub does ten times a second.
    void wait(Milliseconds time) {
        for (Milliseconds done{0}; done < time; done += 100ms) {
            clock.advance(100ms);
            stream().fill();
            if ((done + 100ms) % 1000ms == 0ms) stream().tick();
            run();
        }
    }
    int discontinuities() const {
        int count = 0;
        for (const auto& mark : marks()) count += mark.discontinuity;
        return count;
    }
    /// Between pictures, and between pictures and the sound beside them.
    std::int64_t longest_hole_ms(TrackKind kind) const {
        std::int64_t longest = 0;
        std::optional<std::int64_t> before;
        for (const auto& frame : frames.all) {
            if (frame->kind != kind) continue;
            if (before) longest = std::max(longest, frame->dts_ms - *before);
            before = frame->dts_ms;
        }
        return longest;
    }
    std::int64_t opened_at(const SegmentMark& mark) const {
        for (const auto& frame : frames.all)
            if (frame->opens_segment && frame->opens_segment->msn == mark.msn) return frame->dts_ms;
        return -1;
    }
    std::vector<SegmentMark> marks() const {
        std::vector<SegmentMark> found;
        for (const auto& frame : frames.all)
            if (frame->opens_segment) found.push_back(*frame->opens_segment);
        return found;
    }

    ManualClock clock;
    metrics::Metrics metrics;
    async::Workers workers{1};
    Frames frames;
    StreamHub hub;
    SharedTrack video = test::video_track();
    SharedTrack audio = test::audio_track();
    std::uint32_t timestamp = 1000;
    bool open_gop = false;
    std::uint32_t sound_lag = 0;  // ms
};

}  // namespace tongke::relay
