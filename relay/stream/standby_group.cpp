#include "relay/stream/standby_group.hpp"

#include <algorithm>
#include <utility>

#include "common/media/flv.hpp"

namespace tongke::relay {
namespace {

// Ten seconds at 12 Mbit/s; who sends more between two keyframes is waited for.
constexpr std::size_t kLargestGroup = 16u << 20;
// What lies before the edge is shown within this, or within 17/16 ms a picture where that is longer.
constexpr std::int64_t kShownWithinMs = 200;
constexpr std::int64_t kUsualFrameMs = 40;
// As the timeline's: a step beyond it that the wall clock does not explain is a jump of the publisher's
// clock.
constexpr std::int64_t kSlackMs = 3000;

/// Moments from `from` on, pressed together between `edge` and `end` in their order; from `end` on as they
/// are.
class Squeeze {
  public:
    Squeeze(std::int64_t from, std::int64_t edge, std::int64_t end) : from_(from), edge_(edge), end_(end) {}
    std::int64_t operator()(std::int64_t at) const {
        if (from_ > edge_ || at >= end_) return at;
        return edge_ + 1 + (at - from_) * (end_ - edge_ - 1) / (end_ - from_);
    }

  private:
    std::int64_t from_;
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
    const bool begins = frame.kind == TrackKind::video && frame.keyframe;
    if (id != id_ || begins || jumped(frame)) {
        clear();
        id_ = id;
    }
    if (frames_.empty() && !begins) return;
    bytes_ += frame.payload->size();
    frames_.push_back(std::move(frame));
    if (bytes_ > kLargestGroup) frames_.clear();
}

bool StandbyGroup::jumped(const IngestFrame& frame) const {
    if (frames_.empty()) return false;
    const auto& before = frames_.back();
    const auto step = static_cast<std::int32_t>(frame.timestamp - before.timestamp);
    return step < -kSlackMs || step > kSlackMs + whole_ms(frame.arrival - before.arrival);
}

const IngestFrame* StandbyGroup::keyframe(PublicationId id) const {
    return id == id_ && !frames_.empty() ? &frames_.front() : nullptr;
}

StandbyGroup::Replay StandbyGroup::replay(PublicationId id, const TimelineEdge& edge,
                                          std::int64_t shown_until_ms) {
    Replay out;
    if (!keyframe(id)) return out;
    auto frames = std::move(frames_);
    clear();
    const auto key = frames.front();
    out.timestamp = key.timestamp;
    out.dts_ms = edge.dts_ms + whole_ms(key.arrival - edge.arrival);
    out.begin = std::max(key.arrival, edge.arrival);
    const auto due_at = [&](const IngestFrame& frame) {
        return out.dts_ms + static_cast<std::int32_t>(frame.timestamp - key.timestamp);
    };
    const auto past = std::count_if(frames.begin(), frames.end(), [&](const IngestFrame& frame) {
        return frame.kind == TrackKind::video && due_at(frame) <= edge.dts_ms;
    });
    // Until the next is due, but a millisecond a picture at least (and a little for rounding).
    const auto room = std::max(due_at(frames.back()) - edge.dts_ms, std::int64_t{0}) + kUsualFrameMs;
    const auto least = std::int64_t{past} + past / 16 + 2;
    const auto window = std::max(std::min(kShownWithinMs, room), least);
    const Squeeze decoded{out.dts_ms, edge.dts_ms, edge.dts_ms + window};
    const auto shown_edge = std::max(edge.dts_ms + key.cts_ms, shown_until_ms);
    const Squeeze shown{out.dts_ms + key.cts_ms, shown_edge, shown_edge + window};
    for (auto& frame : frames) {
        const auto due = due_at(frame);
        // Its sound was heard from the other encoder.
        if (frame.kind == TrackKind::audio && due <= edge.dts_ms) continue;
        const auto dts = frame.kind == TrackKind::video ? decoded(due) : due;
        if (frame.kind == TrackKind::video)
            move_to(frame,
                    static_cast<std::int32_t>(std::max<std::int64_t>(0, shown(due + frame.cts_ms) - dts)));
        frame.arrival = std::max(frame.arrival, edge.arrival);
        out.frames.push_back({std::move(frame), dts, due});
    }
    return out;
}

}  // namespace tongke::relay
