#include "common/pull/rtmp_segments.hpp"

#include <utility>

namespace tongke::pull {
namespace {

constexpr std::size_t kArrivalsKept = 64;

}  // namespace

RtmpSegments::RtmpSegments(PullSink& sink) : sink_(sink) { begin(); }

void RtmpSegments::begin() {
    packager_.emplace([this](hls::SharedSegment segment) { on_packaged(std::move(segment)); });
}

void RtmpSegments::numbers_begin_anew() {
    open_msn_ = -1;
    arrived_.clear();
    begin();
}

void RtmpSegments::frame(const SharedFrame& frame) {
    if (frame->opens_segment) {
        open_msn_ = frame->opens_segment->msn;
        arrived_[open_msn_] = {frame->arrival, frame->arrival, 0};
        while (arrived_.size() > kArrivalsKept) arrived_.erase(arrived_.begin());
    }
    if (const auto it = arrived_.find(open_msn_); it != arrived_.end()) {
        it->second.last = frame->arrival;
        it->second.bytes += static_cast<std::int64_t>(frame->payload->size());
    }
    packager_->on_frame(frame);
}

void RtmpSegments::on_packaged(hls::SharedSegment segment) {
    SegmentArrival arrival;
    if (const auto it = arrived_.find(segment->msn); it != arrived_.end()) {
        arrival.asked = arrival.first_byte = it->second.first;
        arrival.last_byte = it->second.last;
        arrival.bytes = it->second.bytes;
        arrived_.erase(arrived_.begin(), std::next(it));
    }
    sink_.pulled(std::move(segment), arrival);
}

}  // namespace tongke::pull
