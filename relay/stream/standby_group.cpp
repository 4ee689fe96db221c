#include "relay/stream/standby_group.hpp"

#include <algorithm>
#include <utility>

#include "common/media/flv.hpp"

namespace tongke::relay {
namespace {

// Ten seconds at 12 Mbit/s; who sends more between two keyframes is waited for.
constexpr std::size_t kLargestGroup = 16u << 20;
// What lies before the edge is shown within this.
constexpr std::int64_t kShownWithinMs = 200;
constexpr std::int64_t kUsualFrameMs = 40;

std::int64_t whole_ms(SteadyTime::duration d) { return std::chrono::duration_cast<Milliseconds>(d).count(); }

/// Moments between the keyframe and a little after the edge, pressed together behind the edge in their order.
class Squeeze {
  public:
    /// `last_ms`: of the newest frame there is; what follows it comes at its own time.
    Squeeze(std::int64_t key_ms, std::int64_t edge_ms, std::int64_t last_ms)
        : key_(key_ms),
          edge_(edge_ms),
          end_(std::min(edge_ms + kShownWithinMs, std::max(last_ms, edge_ms) + kUsualFrameMs)) {}
    std::int64_t operator()(std::int64_t at) const {
        if (key_ > edge_ || at >= end_) return at;
        return edge_ + 1 + (at - key_) * (end_ - edge_ - 1) / (end_ - key_);
    }

  private:
    std::int64_t key_;
    std::int64_t edge_;
    std::int64_t end_;
};

void move_to(IngestFrame& frame, std::int32_t cts_ms) {
    if (frame.kind != TrackKind::video || frame.cts_ms == cts_ms ||
        frame.payload_offset >= frame.payload->size())
        return;
    const auto avcc = ByteView{*frame.payload}.subspan(frame.payload_offset);
    frame.payload = share(flv::video_body(frame.keyframe, cts_ms, avcc));
    frame.payload_offset = flv::kVideoBodyOffset;
    frame.cts_ms = cts_ms;
}

}  // namespace

void StandbyGroup::add(PublicationId id, IngestFrame frame) {
    if (id != id_ || (frame.kind == TrackKind::video && frame.keyframe)) {
        clear();
        id_ = id;
    }
    const bool begins = frame.kind == TrackKind::video && frame.keyframe;
    if (frames_.empty() && !begins) return;
    bytes_ += frame.payload->size();
    frames_.push_back(std::move(frame));
    if (bytes_ > kLargestGroup) frames_.clear();
}

StandbyGroup::Replay StandbyGroup::replay(PublicationId id, const TimelineEdge& edge) {
    auto frames = std::move(frames_);
    const bool mine = id == id_;
    clear();
    Replay out;
    if (!mine || frames.empty()) return out;
    const auto key_timestamp = frames.front().timestamp;
    const auto key_ms = edge.dts_ms + whole_ms(frames.front().arrival - edge.arrival);
    out.timestamp = key_timestamp;
    out.dts_ms = key_ms;
    out.begin = std::max(frames.front().arrival, edge.arrival);
    const auto natural_of = [&](const IngestFrame& frame) {
        return key_ms + static_cast<std::int32_t>(frame.timestamp - key_timestamp);
    };
    const Squeeze squeeze{key_ms, edge.dts_ms, natural_of(frames.back())};
    for (auto& frame : frames) {
        const auto natural = natural_of(frame);
        // Its sound was heard from the other encoder.
        if (frame.kind == TrackKind::audio && natural <= edge.dts_ms) continue;
        const auto dts = frame.kind == TrackKind::video ? squeeze(natural) : natural;
        if (frame.kind == TrackKind::video)
            move_to(frame, static_cast<std::int32_t>(squeeze(natural + frame.cts_ms) - dts));
        frame.arrival = std::max(frame.arrival, edge.arrival);
        out.frames.push_back({std::move(frame), dts});
    }
    return out;
}

}  // namespace tongke::relay
