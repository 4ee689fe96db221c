#include "common/pull/segment_frames.hpp"

#include <algorithm>
#include <utility>

#include "common/av/fmp4_reader.hpp"
#include "common/base/error_category.hpp"
#include "common/media/flv.hpp"

namespace tongke::pull {
namespace {

const char* words(SegmentError error) {
    switch (error) {
        case SegmentError::no_frame_index:
            return "the segment does not say which frames are in it: is the upstream a Tongke relay of this "
                   "version?";
        case SegmentError::index_disagrees: return "the segment does not hold the frames it names";
    }
    return nullptr;
}

}  // namespace

Error make_error_code(SegmentError code) {
    static const ErrorCategory<SegmentError> category{"segment", words};
    return {static_cast<int>(code), category};
}

Result<void> SegmentFrames::take(const hls::Segment& segment, SteadyTime now) {
    const bool follows = segment.run == run_ && segment.msn == msn_ + 1;
    run_ = segment.run;
    msn_ = segment.msn;
    if (!follows || segment.gap) break_off();
    if (segment.gap) return {};
    auto read = this->read(segment, now);
    if (!read) {
        break_off();
        return read.error();
    }
    if (hole_) {
        // It begins with its keyframe; sound from before it belongs to what is lost.
        std::erase_if(read->frames, [&](const auto& frame) { return frame->number < read->opening; });
        if (last_ && read->opening <= *last_) {
            last_.reset();
            sink_.numbers_begin_anew();
        }
        read->frames.front()->after_hole = std::exchange(hole_, false) && last_;
        last_ = read->opening - 1;
    }
    const auto newest = read->frames.back()->number;
    for (auto& frame : read->frames)
        if (frame->number > *last_) pending_.emplace(frame->number, std::move(frame));
    if (newest_) emit_up_to(*newest_);
    newest_ = newest;
    emit_what_follows();
    return {};
}

/// What waits for a segment that does not come leaves without it.
void SegmentFrames::break_off() {
    if (newest_) emit_up_to(*newest_);
    pending_.clear();
    newest_.reset();
    hole_ = true;
}

void SegmentFrames::emit_first() {
    const auto first = pending_.begin();
    last_ = first->first;
    const SharedFrame frame = std::move(first->second);
    pending_.erase(first);
    sink_.frame(frame);
}

void SegmentFrames::emit_up_to(std::int64_t number) {
    while (!pending_.empty() && pending_.begin()->first <= number) emit_first();
}

void SegmentFrames::emit_what_follows() {
    while (!pending_.empty() && pending_.begin()->first == *last_ + 1) emit_first();
}

Result<SegmentFrames::Read> SegmentFrames::read(const hls::Segment& segment, SteadyTime now) const {
    const auto index = hls::read_frame_index(*segment.data);
    if (!index || index->frames.empty()) return Error{SegmentError::no_frame_index};
    auto fragment = av::demux_fragment(*segment.init->data, *segment.data);
    if (!fragment) return fragment.error();
    const SharedTrack tracks[] = {fragment->tracks.video, fragment->tracks.audio};
    std::size_t used[] = {0, 0};
    std::size_t parameters = index->parameter_bytes;
    Read out;
    for (const auto& entry : index->frames) {
        const auto kind = static_cast<std::size_t>(entry.kind);
        auto& samples = fragment->samples[kind];
        if (!tracks[kind] || (!entry.aside && used[kind] >= samples.size()))
            return Error{SegmentError::index_disagrees};
        const Bytes& sample = entry.aside ? *entry.aside : samples[used[kind]++];
        ByteView data{sample};
        const bool video = entry.kind == TrackKind::video;
        if (video && entry.keyframe && !entry.aside) {
            const auto before = std::exchange(parameters, 0);
            if (before >= data.size()) return Error{SegmentError::index_disagrees};
            data = data.subspan(before);
        }
        auto frame = std::make_shared<Frame>();
        frame->kind = entry.kind;
        frame->keyframe = entry.keyframe;
        frame->number = entry.number;
        frame->dts_ms = entry.dts_ms;
        frame->cts_ms = entry.cts_ms;
        frame->arrival = now;
        frame->payload =
            share(video ? flv::video_body(entry.keyframe, entry.cts_ms, data) : flv::audio_body(data));
        frame->payload_offset = video ? flv::kVideoBodyOffset : flv::kAudioBodyOffset;
        frame->track = tracks[kind];
        if (entry.opens_segment && !out.opening) {
            frame->opens_segment = SegmentMark{segment.run, segment.msn, segment.pdt_ms,
                                               segment.discontinuity, segment.target_duration};
            out.opening = entry.number;
        }
        out.frames.push_back(std::move(frame));
    }
    if (!out.opening || used[0] != fragment->samples[0].size() || used[1] != fragment->samples[1].size())
        return Error{SegmentError::index_disagrees};
    return out;
}

}  // namespace tongke::pull
