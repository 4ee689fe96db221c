// Makes segments of frames: a reader of the stream's log like any other. The
// boundaries, names and numbers are in the frames (SegmentMark), so the relay
// and a node that is fed by RTMP make the same segments from the same frames.
// What a segment holds is settled once, then muxed to each container asked for.
// Single-threaded, on the executor that delivers the frames; the sink is called
// there, in order of MSN, and gets immutable segments.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/av/fmp4.hpp"
#include "common/av/mpegts.hpp"
#include "common/hls/audio_clock.hpp"
#include "common/hls/frame_index.hpp"
#include "common/hls/segment.hpp"
#include "common/media/frame.hpp"

namespace tongke::hls {

class Packager {
  public:
    using Sink = std::function<void(SharedSegment)>;
    /// The sink gets each segment once for each container, in their order.
    explicit Packager(Sink sink, std::vector<Container> containers = {Container::fmp4});

    /// Frames in log order; those before the first mark are left out.
    void on_frame(const SharedFrame& frame);
    /// No more frames come: what is open is finished and delivered.
    void finish();

    struct Counts {
        std::uint64_t segments = 0;
        std::uint64_t failed = 0;           // delivered as EXT-X-GAP
        std::uint64_t frames_left_out = 0;  // sound beyond its time, tracks that changed without a mark
        std::uint64_t audio_resyncs = 0;
    };
    Counts counts() const;

  private:
    struct Item {
        SharedFrame frame;
        std::int64_t audio_samples = 0;  // position by AudioClock
    };
    struct Open {
        SegmentMark mark;
        std::int64_t begin_ms = 0;
        std::vector<Item> items;
        std::vector<SharedFrame> aside;  // came with them, and have no place in any segment
        std::size_t bytes = 0;
        bool overflowed = false;
    };

    void forget_open();
    void open_segment(const Frame& first);
    void add(const SharedFrame& frame);
    bool late_audio_is_over(const Frame& frame) const;
    void close_closing();
    void hand_over_early_audio(Open& from);
    std::int64_t end_of(const Open& segment) const;
    bool fits(const Open& segment, std::int64_t end_ms) const;
    void take_out_jumped_audio(Open& from, std::int64_t end_ms);
    void deliver(Open segment, std::optional<std::int64_t> end_ms);
    bool take_tracks(const Open& segment);
    std::size_t say_parameters(std::vector<av::Sample>& samples, Bytes& bytes) const;
    Result<SharedBlob> mux(Container container, std::int64_t msn, const std::vector<av::Sample>& samples,
                           const FrameIndex& index);
    std::vector<av::Sample> samples_of(const Open& segment, std::int64_t end_ms, FrameIndex& index);
    void leave_out(const SharedFrame& frame);
    void release(std::shared_ptr<Segment> segment);

    Sink sink_;
    struct Output {
        Container container;
        std::shared_ptr<const InitSection> init;
    };
    std::vector<Output> outputs_;
    av::TsMuxer ts_;
    std::optional<Open> open_;
    std::optional<Open> closing_;  // its end is known, late sound may still come
    std::optional<AudioClock> audio_clock_;
    SharedTrack clocked_track_;
    av::Tracks tracks_;
    std::string run_of_tracks_;  // the run they were settled in; "" before the first
    int target_duration_ = 0;
    std::vector<std::shared_ptr<Segment>> held_;  // until the target duration is known
    bool has_delivered_ = false;
    Counts counts_;
};

}  // namespace tongke::hls
