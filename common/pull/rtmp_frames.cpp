// What RtmpPull does with the events of a session; rtmp_pull.cpp has the links.
#include <algorithm>
#include <utility>

#include "common/media/flv.hpp"
#include "common/pull/rtmp_pull.hpp"

namespace tongke::pull {
namespace {

using namespace std::chrono_literals;

// Whatever a relay says: what is buffered does not last for ever.
constexpr Milliseconds kLongestWindow{10'000};
// Frames: some minutes. Runs that begin a second apart differ by more (CONTRACT.md 4).
constexpr std::int64_t kFarBack = 100'000;

}  // namespace

void RtmpPull::on(Link& link, rtmp::PlayStarted& event, SteadyTime now) {
    // Elsewhere frames have other numbers: better the relay that knows what we have, as long as it speaks.
    const auto* leaving = find(leaving_);
    if (leaving && now - leaving->last_byte < kSilence && last_frame_ && !event.resumed)
        return close_link(link.id);
    close_others(link.id);
    current_ = link.id;
    url_ = link.url;
    failures_ = 0;
    window_ = 0ms;  // it tells its own
    link.playing = true;
    // A relay that is a little behind the one before gives again what is held; another run's numbers are far
    // off.
    if (last_frame_ && !event.resumed &&
        event.first_frame.value_or(*last_frame_ + 1) <= *last_frame_ - kFarBack)
        forget_numbers();
    const auto expected = last_frame_ ? *last_frame_ + 1 : 0;
    link.next_frame = event.first_frame.value_or(expected);
    // What the link before went on to give meanwhile comes twice and is taken once.
    hole_ = last_frame_ && link.next_frame > expected;
    note_life(now);
}

/// Another relay's run, whose numbers say nothing of what was taken from the one before.
void RtmpPull::forget_numbers() {
    last_frame_.reset();
    last_dts_.reset();
    pdt_known_ = false;
    frames_.numbers_begin_anew();
}

void RtmpPull::on(Link& link, rtmp::Jump& event, SteadyTime) {
    if (event.first_frame != link.next_frame) hole_ = true;
    link.next_frame = event.first_frame;
}

void RtmpPull::on(Link& link, rtmp::SegmentOpening& event, SteadyTime) { link.opening = std::move(event); }

void RtmpPull::on(Link& link, rtmp::UnsupportedMedia& event, SteadyTime now) {
    lose(now, LostReason::bad_answer, "codec " + event.codec);
    close_link(link.id);
    retry(now, jitter_.between(5s, 10s));
}

void RtmpPull::on(Link&, rtmp::ReconnectWindow& event, SteadyTime) {
    window_ = std::min(event.window, kLongestWindow);
}

/// With one address there is nowhere to go: the relay comes back, or its successor does.
void RtmpPull::on(Link& link, rtmp::ReconnectRequested& event, SteadyTime now) {
    if (link.id != current_ || leaving_ == link.id) return;
    const auto within = std::min(event.within, kLongestWindow);
    window_ = std::max(window_, within);
    leaving_ = link.id;
    moves_ = 0;
    if (config_.urls.size() > 1) move_at_ = now + jitter_.between(0ms, within / 2);
}

void RtmpPull::on(Link& link, rtmp::Ended& event, SteadyTime now) {
    const auto status = link.session->last_status();
    const bool waited = link.waits && status.code == "NetStream.Play.StreamNotFound";
    const auto detail = status.code.empty() ? event.reason.message() : status.code + " " + status.description;
    close_link(link.id);
    if (!links_.empty()) return;
    ++failures_;
    if (event.reason == rtmp::Errc::stream_ended || waited) {
        sink_.no_stream_yet();
    } else {
        const bool refused =
            event.reason == rtmp::Errc::play_rejected || event.reason == rtmp::Errc::connect_rejected;
        lose(now, refused ? LostReason::refused : LostReason::bad_answer, detail);
    }
    retry(now, jitter_.between(1s, 2s));
}

void RtmpPull::on(Link& link, rtmp::MediaReceived& event, SteadyTime now) {
    if (link.id != current_) return;
    const auto packet = flv::classify(event.kind, event.payload);
    if (!packet) return;
    if (*packet == flv::Packet::sequence_header) {
        const auto offset = event.kind == TrackKind::video ? 5u : 2u;
        return take_track(event.kind, ByteView{event.payload}.subspan(offset));
    }
    if (*packet == flv::Packet::coded) take_frame(link, std::move(event), now);
}

void RtmpPull::take_track(TrackKind kind, ByteView config) {
    auto& held = kind == TrackKind::video ? video_ : audio_;
    if (held && std::ranges::equal(*held->decoder_config, config)) return;
    if (auto track = flv::describe(kind, config)) held = std::move(*track);
}

void RtmpPull::take_frame(Link& link, rtmp::MediaReceived event, SteadyTime now) {
    const auto number = link.next_frame++;
    auto opening = std::exchange(link.opening, std::nullopt);
    if (last_frame_ && number <= *last_frame_) {
        ++duplicates_;
        return;
    }
    last_frame_ = number;
    if (opening) {
        last_dts_ = opening->timeline_ms;
        pdt_minus_dts_ = opening->mark.pdt_ms - opening->timeline_ms;
        pdt_known_ = true;
    }
    auto frame = std::make_shared<Frame>();
    frame->kind = event.kind;
    frame->number = number;
    frame->dts_ms = unwrap(event.timestamp);
    frame->arrival = now;
    frame->after_hole = std::exchange(hole_, false);
    if (event.kind == TrackKind::video) {
        const auto tag = *flv::parse_video_tag(event.payload);
        frame->keyframe = tag.keyframe;
        frame->cts_ms = tag.cts_ms;
        frame->payload_offset = tag.offset;
        frame->track = video_;
    } else {
        frame->payload_offset = flv::parse_audio_tag(event.payload)->offset;
        frame->track = audio_;
    }
    frame->payload = share(std::move(event.payload));
    if (opening) frame->opens_segment = std::move(opening->mark);
    frames_.frame(frame);
}

/// The 64-bit time nearest to the last one: marks carry it whole.
std::int64_t RtmpPull::unwrap(std::uint32_t timestamp) {
    const auto reference = last_dts_.value_or(timestamp);
    const auto step = static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(reference));
    last_dts_ = reference + step;
    return *last_dts_;
}

}  // namespace tongke::pull
