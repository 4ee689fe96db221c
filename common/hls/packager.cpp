#include "common/hls/packager.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"
#include "common/media/flv.hpp"
#include "common/media/h264.hpp"

namespace tongke::hls {
namespace {

// Sound that is this far behind the picture is not waited for at a boundary.
constexpr std::int64_t kLateAudioMs = 300;
// Far above ten seconds of any lesson; what exceeds it is given up as a gap.
constexpr std::size_t kMaxSegmentBytes = 64u << 20;
constexpr std::size_t kMaxHeld = 8;
// Of sound without a place in a segment; more of it is noise.
constexpr std::size_t kMaxAside = 500;
constexpr std::int64_t kUsualFrameMs = 40;
constexpr std::int64_t kLongestFrameMs = 500;
constexpr int kTicksPerMs = av::kVideoTimescale / 1000;

/// The name says what is in it, so that every packager gives it the same one.
std::string init_name(const std::string& run, const Bytes& data) {
    std::uint32_t hash = 2166136261u;  // FNV-1a
    for (const auto byte : data) hash = (hash ^ byte) * 16777619u;
    return fmt::format("{}/init-{:08x}.mp4", run, hash);
}

/// What a player must know of the segments; for fMP4 with bytes of its own. Null when they cannot be made.
std::shared_ptr<const InitSection> make_init(Container container, const av::Tracks& tracks,
                                             const std::string& run) {
    auto init = std::make_shared<InitSection>();
    init->codecs = av::codecs_of(tracks);
    if (tracks.video) init->width = tracks.video->width, init->height = tracks.video->height;
    if (container == Container::ts) return init;
    auto data = av::mux_init(tracks);
    if (!data) {
        log::warn("hls", "no init section: {}", data.error().message());
        return nullptr;
    }
    init->name = init_name(run, *data);
    init->data = share_blob(std::move(*data));
    return init;
}

bool is_video(const Frame& frame) { return frame.kind == TrackKind::video; }

IndexedFrame indexed(const Frame& frame) {
    return {frame.number, frame.kind,   frame.keyframe, frame.opens_segment.has_value(),
            frame.dts_ms, frame.cts_ms, nullptr};
}

}  // namespace

Packager::Packager(Sink sink, std::vector<Container> containers) : sink_(std::move(sink)) {
    for (const auto container : containers) outputs_.push_back({container, nullptr});
}

void Packager::on_frame(const SharedFrame& frame) {
    if (!frame || !frame->track || !frame->payload) return;
    // Frames that a segment could not hold leave a gap in their numbers too, and are not missed here.
    if (frame->after_hole && is_video(*frame) && frame->keyframe) forget_open();
    if (frame->opens_segment) open_segment(*frame);
    if (!open_) return;
    if (closing_ && late_audio_is_over(*frame)) close_closing();
    add(frame);
}

void Packager::finish() {
    if (closing_) close_closing();
    if (open_) {
        auto last = std::move(*open_);
        open_.reset();
        deliver(std::move(last), std::nullopt);
    }
    audio_clock_.reset();
}

Packager::Counts Packager::counts() const {
    auto counts = counts_;
    if (audio_clock_) counts.audio_resyncs += audio_clock_->resyncs();
    return counts;
}

/// What was open has lost its end.
void Packager::forget_open() {
    if (closing_ && open_) close_closing();
    open_.reset();
    audio_clock_.reset();
}

void Packager::open_segment(const Frame& first) {
    if (closing_) close_closing();
    const auto& mark = *first.opens_segment;
    if (mark.target_duration > 0) target_duration_ = mark.target_duration;
    auto previous = std::exchange(open_, Open{.mark = mark, .begin_ms = first.dts_ms});
    if (mark.discontinuity && audio_clock_) audio_clock_->reset();
    if (!previous) return;
    if (mark.discontinuity) {
        // Where the timeline goes on the last picture stands until the next, a little shorter or longer than
        // usual.
        const auto hole = first.dts_ms - end_of(*previous);
        const bool bridged = std::abs(hole) <= kLongestFrameMs && first.dts_ms > previous->begin_ms &&
                             fits(*previous, first.dts_ms);
        return deliver(std::move(*previous), bridged ? std::optional{first.dts_ms} : std::nullopt);
    }
    closing_ = std::move(previous);
    const bool has_audio = std::any_of(closing_->items.begin(), closing_->items.end(),
                                       [](const Item& item) { return !is_video(*item.frame); });
    if (!has_audio) close_closing();
}

bool Packager::late_audio_is_over(const Frame& frame) const {
    return frame.dts_ms >= open_->begin_ms + (is_video(frame) ? kLateAudioMs : 0);
}

void Packager::add(const SharedFrame& frame) {
    Item item{frame};
    if (!is_video(*frame)) {
        if (!audio_clock_ || !same_parameters(clocked_track_, frame->track)) {
            const auto config = flv::parse_audio_config(*frame->track->decoder_config);
            audio_clock_.emplace(std::max(1, frame->track->sample_rate),
                                 config ? config->samples_per_frame : 1024);
            clocked_track_ = frame->track;
        }
        const auto position = audio_clock_->place(frame->dts_ms);
        if (!position) return leave_out(frame);
        item.audio_samples = *position;
    }
    const bool late = closing_ && !is_video(*frame) && frame->dts_ms < open_->begin_ms;
    auto& into = late ? *closing_ : *open_;
    into.bytes += frame->payload->size();
    if (into.bytes > kMaxSegmentBytes) {
        into.overflowed = true;
        into.items.clear();
    }
    if (!into.overflowed) into.items.push_back(std::move(item));
}

/// It still travels with the segment, for a relay that pulls this one.
void Packager::leave_out(const SharedFrame& frame) {
    ++counts_.frames_left_out;
    if (open_ && open_->aside.size() < kMaxAside) open_->aside.push_back(frame);
}

void Packager::close_closing() {
    auto segment = std::move(*closing_);
    closing_.reset();
    hand_over_early_audio(segment);
    deliver(std::move(segment), open_->begin_ms);
}

/// Sound that came before the boundary's keyframe but is heard after it.
void Packager::hand_over_early_audio(Open& from) {
    const auto begin = std::stable_partition(from.items.begin(), from.items.end(), [this](const Item& item) {
        return is_video(*item.frame) || item.frame->dts_ms < open_->begin_ms;
    });
    open_->items.insert(open_->items.begin(), std::make_move_iterator(begin),
                        std::make_move_iterator(from.items.end()));
    from.items.erase(begin, from.items.end());
}

/// Where a segment ends that nothing follows directly: with its picture, or
/// with its sound when it has none.
std::int64_t Packager::end_of(const Open& segment) const {
    std::int64_t video_end = segment.begin_ms, audio_end = segment.begin_ms, step = kUsualFrameMs;
    std::optional<std::int64_t> last_video;
    for (const auto& item : segment.items) {
        const auto at = item.frame->dts_ms;
        if (!is_video(*item.frame)) {
            audio_end = std::max(audio_end, at + kUsualFrameMs / 2);
            continue;
        }
        if (last_video && at > *last_video) step = std::min(at - *last_video, kLongestFrameMs);
        last_video = at;
        video_end = at + step;
    }
    const auto end = std::max(last_video ? video_end : audio_end, segment.begin_ms + 1);
    return target_duration_ > 0 ? std::min(end, segment.begin_ms + target_duration_ * 1000 + 499) : end;
}

/// Whether a segment that ends there rounds to no more than the target duration.
bool Packager::fits(const Open& segment, std::int64_t end_ms) const {
    return target_duration_ == 0 || end_ms - segment.begin_ms < target_duration_ * 1000 + 500;
}

/// Sound after a jump of the timeline that came before the jump's keyframe:
/// what is heard with the new picture goes there, the rest has no place.
void Packager::take_out_jumped_audio(Open& from, std::int64_t end_ms) {
    const auto begin =
        std::stable_partition(from.items.begin(), from.items.end(), [end_ms](const Item& item) {
            return is_video(*item.frame) || item.frame->dts_ms <= end_ms + kLateAudioMs;
        });
    for (auto it = begin; it != from.items.end(); ++it) {
        if (open_ && it->frame->dts_ms >= open_->begin_ms)
            open_->items.push_back(std::move(*it));
        else
            leave_out(it->frame);
    }
    from.items.erase(begin, from.items.end());
}

/// `end_ms`: where the next segment begins; empty when nothing follows directly.
void Packager::deliver(Open source, std::optional<std::int64_t> end_ms) {
    if (!end_ms) {
        end_ms = end_of(source);
        take_out_jumped_audio(source, *end_ms);
    }
    const bool unannounced = take_tracks(source);
    FrameIndex index;
    auto samples = samples_of(source, *end_ms, index);
    Bytes announced;
    if (source.mark.discontinuity || unannounced) index.parameter_bytes = say_parameters(samples, announced);
    ++counts_.segments;
    for (const auto& output : outputs_) {
        auto segment = std::make_shared<Segment>();
        segment->container = output.container;
        segment->run = source.mark.run;
        segment->msn = source.mark.msn;
        segment->begin_ms = source.begin_ms;
        segment->duration_us = std::max<std::int64_t>(1, *end_ms - source.begin_ms) * 1000;
        segment->pdt_ms = source.mark.pdt_ms;
        segment->name = fmt::format("{}/{}.{}", segment->run, segment->msn, extension(output.container));
        segment->discontinuity = source.mark.discontinuity || unannounced;
        segment->init = output.init;
        auto data = mux(output.container, segment->msn, samples, index);
        if (data) {
            segment->data = *data;
        } else {
            segment->gap = true;
            ++counts_.failed;
            log::warn("hls", "segment {} is a gap: {}", segment->name, data.error().message());
        }
        release(std::move(segment));
    }
}

/// Settles what the segment is made of, with new init sections when it
/// changed. True when it changed without the mark saying so.
bool Packager::take_tracks(const Open& segment) {
    av::Tracks seen;
    for (const auto& item : segment.items) {
        auto& track = is_video(*item.frame) ? seen.video : seen.audio;
        if (!track) track = item.frame->track;
    }
    if (!segment.mark.discontinuity) {
        if (!seen.video) seen.video = tracks_.video;
        if (!seen.audio) seen.audio = tracks_.audio;
    }
    if (!seen.video && !seen.audio) return false;
    const bool first = run_of_tracks_.empty();
    const bool same =
        same_parameters(seen.video, tracks_.video) && same_parameters(seen.audio, tracks_.audio);
    if (!first && same && run_of_tracks_ == segment.mark.run) return false;
    auto fresh = outputs_;
    for (auto& output : fresh) {
        output.init = make_init(output.container, seen, segment.mark.run);
        if (!output.init) return false;
    }
    outputs_ = std::move(fresh);
    tracks_ = seen;
    run_of_tracks_ = segment.mark.run;
    return !first && !same && !segment.mark.discontinuity;
}

/// The parameter sets once more before the first keyframe after a change: ffmpeg's HLS reader keeps to the
/// first init section it saw. `bytes` is what that sample then refers to. Returns how many were put before
/// the segment's first picture.
std::size_t Packager::say_parameters(std::vector<av::Sample>& samples, Bytes& bytes) const {
    const auto first = std::find_if(samples.begin(), samples.end(), [](const av::Sample& sample) {
        return sample.kind == TrackKind::video && sample.keyframe;
    });
    if (first == samples.end() || !tracks_.video) return 0;
    bytes = h264::parameter_sets(*tracks_.video->decoder_config);
    const auto added = bytes.size();
    bytes.insert(bytes.end(), first->data.begin(), first->data.end());
    first->data = bytes;
    return added;
}

Result<SharedBlob> Packager::mux(Container container, std::int64_t msn,
                                 const std::vector<av::Sample>& samples, const FrameIndex& index) {
    auto data = container == Container::ts
                    ? ts_.mux(tracks_, samples)
                    : av::mux_fragment(tracks_, static_cast<std::uint32_t>(msn), samples);
    if (!data) return data.error();
    if (container == Container::fmp4) {
        const auto box = write_frame_index(index);
        data->insert(data->end(), box.begin(), box.end());
    }
    return share_blob(std::move(*data));
}

std::vector<av::Sample> Packager::samples_of(const Open& segment, std::int64_t end_ms, FrameIndex& index) {
    std::vector<av::Sample> out;
    out.reserve(segment.items.size());
    av::Sample* last[2] = {nullptr, nullptr};
    for (const auto& item : segment.items) {
        const Frame& frame = *item.frame;
        const bool video = is_video(frame);
        if (!same_parameters(frame.track, video ? tracks_.video : tracks_.audio) ||
            frame.payload_offset >= frame.payload->size()) {
            ++counts_.frames_left_out;
            continue;
        }
        index.frames.push_back(indexed(frame));
        auto*& before = last[static_cast<std::size_t>(frame.kind)];
        av::Sample sample{.kind = frame.kind, .keyframe = frame.keyframe, .data = frame.elementary()};
        sample.dts = video ? frame.dts_ms * kTicksPerMs : item.audio_samples;
        if (before) sample.dts = std::max(sample.dts, before->dts + 1);
        sample.pts = video ? std::max(sample.dts, frame.pts_ms() * kTicksPerMs) : sample.dts;
        sample.duration = video ? std::max<std::int64_t>(1, end_ms * kTicksPerMs - sample.dts) : 1024;
        if (before) before->duration = sample.dts - before->dts;
        out.push_back(sample);
        before = &out.back();
    }
    for (const auto& frame : segment.aside) {
        if (frame->payload_offset >= frame->payload->size()) continue;
        const auto data = frame->elementary();
        index.frames.push_back(indexed(*frame));
        index.frames.back().aside = share({data.begin(), data.end()});
    }
    std::stable_sort(index.frames.begin(), index.frames.end(),
                     [](const auto& a, const auto& b) { return a.number < b.number; });
    return out;
}

void Packager::release(std::shared_ptr<Segment> segment) {
    held_.push_back(std::move(segment));
    if (target_duration_ == 0) {
        if (held_.size() > kMaxHeld * outputs_.size()) held_.erase(held_.begin());
        return;
    }
    if (!has_delivered_) {  // playlists begin behind the last that is too long for them
        const auto last = std::find_if(held_.rbegin(), held_.rend(), [this](const auto& held) {
            return held->duration_us >= target_duration_ * 1'000'000 + 500'000;
        });
        held_.erase(held_.begin(), last.base());
        has_delivered_ = !held_.empty();
    }
    for (auto& ready : std::exchange(held_, {})) {
        ready->target_duration = target_duration_;
        sink_(std::move(ready));
    }
}

}  // namespace tongke::hls
