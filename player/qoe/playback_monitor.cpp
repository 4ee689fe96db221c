#include "player/qoe/playback_monitor.hpp"

#include <algorithm>

namespace tongke::qoe {

namespace {

constexpr Micros kLineWindow{1'000'000};
constexpr Micros kNearLook{400'000};    // twice the 5 Hz spacing
constexpr Micros kFilling{10'000'000};  // after the first frame the buffer is still on its way up
constexpr Micros kFrameMin{4'000}, kFrameMax{200'000};

}  // namespace

PlaybackMonitor::PlaybackMonitor(Definition definition) : definition_(definition), merger_(definition) {}

void PlaybackMonitor::open_at(Micros at) {
    if (begin_) return;
    begin_ = since_ = at;
}

void PlaybackMonitor::enter(State to, Micros at) {
    at = std::max(at, since_);
    totals_.in_state[static_cast<std::size_t>(state_)] += at - since_;
    state_ = to;
    since_ = at;
}

std::vector<PlaybackEvent> PlaybackMonitor::add(const Mark& mark) {
    Events out;
    if (state_ == State::ended || state_ == State::failed) return out;
    auto& known = marks_[static_cast<std::size_t>(mark.name)];
    if (known) {
        ++ignored_;
        return out;
    }
    known = mark.at;
    if (!begin_ || mark.at >= newest_) {
        open_at(mark.at);
        newest_ = std::max(newest_, mark.at);
    }
    if (mark.name == MarkName::click && state_ == State::idle) enter(State::starting, mark.at);
    if (mark.name == MarkName::first_frame && !shown_) first_frame(mark.at, out);
    return out;
}

std::vector<PlaybackEvent> PlaybackMonitor::add(const Sample& s) {
    Events out;
    if (state_ == State::ended || state_ == State::failed || (previous_ && s.at <= previous_->at)) {
        ++ignored_;
        return out;
    }
    open_at(s.at);
    newest_ = std::max(newest_, s.at);
    count(s);
    if (!s.visible) {
        excuse(State::hidden, s.at, out);
    } else if (s.paused) {
        excuse(shown_ || state_ == State::starting ? State::paused : State::idle, s.at, out);
    } else if (state_ == State::hidden || state_ == State::paused) {
        resume_watching(s);
    } else {
        watch(s, out);
    }
    // Only play that was seen ends an episode: a next stall may have begun already.
    if (state_ == State::playing) account(merger_.settle(last_advance_), out);
    previous_ = s;
    return out;
}

void PlaybackMonitor::excuse(State to, Micros at, Events& out) {
    if (to == State::paused && !shown_ && state_ == State::starting)
        return;  // play() has not taken effect yet
    if (state_ == to) return;
    end_freeze(at, out);
    account(merger_.close(at), out);
    enter(to, at);
}

void PlaybackMonitor::resume_watching(const Sample& s) {
    enter(shown_ ? State::playing : State::starting, s.at);
    line_.clear();
    freeze_evidence_.reset();
    last_advance_ = s.at;
    anchor_media_ = s.media_time;
    anchor_pdt_ = s.media_pdt;
    playhead_ran_before_ = false;
}

void PlaybackMonitor::watch(const Sample& s, Events& out) {
    if (!shown_) {
        if (state_ == State::idle) enter(State::starting, s.at);
        if (s.presented <= 0 || !s.media_time) return;
        // More than one frame since the last look: the first was that much earlier.
        const auto earlier = frame_ * (std::min<std::int64_t>(s.presented, 60) - 1);
        first_frame(std::max(s.at - earlier, previous_ ? previous_->at : s.at), out);
    }
    const auto moved = s.media_time && (!anchor_media_ || std::chrono::abs(*s.media_time - *anchor_media_) >=
                                                              definition_.stall_advance);
    if (moved)
        advanced(s, out);
    else
        not_advanced(s, out);
    playhead_ran_before_ = playhead_ran(s);
    if (s.at - *first_frame_at_ < kFilling) return;
    auto& least = totals_.buffer_min_s;
    least = least ? std::min(*least, s.buffered_s) : s.buffered_s;
}

void PlaybackMonitor::first_frame(Micros at, Events& out) {
    shown_ = true;
    enter(State::playing, at);
    first_frame_at_ = since_;
    last_advance_ = since_;
    PlaybackEvent e{.kind = PlaybackEvent::Kind::started, .begin = since_, .end = since_};
    if (const auto& click = marks_[static_cast<std::size_t>(MarkName::click)]; click && *click <= since_) {
        e.begin = *click;
        e.length = since_ - *click;
        totals_.startup = e.length;
    }
    out.push_back(e);
}

Micros PlaybackMonitor::stall_threshold() const { return std::max(definition_.stall_after, 2 * frame_); }

bool PlaybackMonitor::playhead_ran(const Sample& s) const {
    if (!previous_) return false;
    const auto ran = s.current_time - previous_->current_time, looked = s.at - previous_->at;
    return ran * 2 >= looked && ran <= looked * 2;  // farther than that it jumped
}

// Media time cannot advance faster than the time between two looks. If it did,
// or went back, it jumped (a seek, a hole passed over, a new timeline): the line
// moves with it, by what the count of frames does not explain.
void PlaybackMonitor::follow_jump(const Sample& s) {
    const auto frames = std::clamp<std::int64_t>(previous_ ? s.presented - previous_->presented : 1, 1, 1000);
    if (anchor_media_ && previous_) {
        const auto step = *s.media_time - *anchor_media_;
        const auto looked = s.at - previous_->at;
        if (step > Micros{0} && step <= looked + looked / 10 + 2 * frame_) return;
        for (auto& point : line_) point.second += step - frames * frame_;
    }
    anchor_media_ = *s.media_time - frames * frame_;
}

// When the first frame after the last advance was presented, if frames flowed from then on.
Micros PlaybackMonitor::first_new_frame(const Sample& s) const {
    const auto since_first = std::max(Micros{0}, *s.media_time - *anchor_media_ - frame_);
    const auto earliest = std::max(previous_ ? previous_->at : last_advance_, last_advance_);
    return std::clamp(s.at - since_first, std::min(earliest, s.at), s.at);
}

// Frames were flowing when we last looked, not long ago. Then what advanced did
// so first and whatever stood still came after it; else the other way round.
bool PlaybackMonitor::was_flowing(const Sample& s) const {
    return state_ == State::playing && previous_ && !line_.empty() && s.at - previous_->at <= kNearLook &&
           previous_->at - last_advance_ < frame_;
}

// Both orders give the same media time when nearly the whole interval stood
// still; a playhead still inside the newest frame says it has just been shown.
bool PlaybackMonitor::just_resumed(const Sample& s) const {
    auto line = line_.front().second;
    for (const auto& point : line_) line = std::max(line, point.second);
    const auto standing = s.at - (*s.media_time - line);
    return standing + frame_ >= stall_threshold() && s.current_time >= *s.media_time &&
           2 * (s.current_time - *s.media_time) < frame_;
}

void PlaybackMonitor::advanced(const Sample& s, Events& out) {
    follow_jump(s);
    const auto first = first_new_frame(s);
    const auto goes_on = was_flowing(s) && !just_resumed(s);
    if (goes_on)
        learn_frame(s, *s.media_time - *anchor_media_);
    else
        resumed(s, first, out);
    freeze_evidence_.reset();
    anchor_media_ = s.media_time;
    anchor_pdt_ = s.media_pdt;
    follow_line(s, goes_on ? previous_->at : first, !goes_on);
}

void PlaybackMonitor::resumed(const Sample& s, Micros first, Events& out) {
    if (state_ == State::stalled) {
        announce(first, out);
        end_stall(first);
    } else if (state_ == State::decoder_frozen) {
        end_freeze(first, out);
        enter(State::playing, first);
    } else if (was_short_stall(s, first)) {
        begin_stall(last_advance_, std::min(s.buffered_s, previous_->buffered_s), out);
        announce(first, out);
        end_stall(first);
    }
}

// A stall that began and ended between two looks: both ends are computed.
bool PlaybackMonitor::was_short_stall(const Sample& s, Micros first) const {
    if (!previous_ || first - last_advance_ < stall_threshold()) return false;
    if (std::min(s.buffered_s, previous_->buffered_s) >= definition_.stall_buffer_s) return false;
    const auto ran = s.current_time - previous_->current_time;
    const auto whole = ran * 10 >= (s.at - previous_->at) * 9;
    return !(whole && playhead_ran(s) && playhead_ran_before_);
}

void PlaybackMonitor::learn_frame(const Sample& s, Micros media_step) {
    const auto frames = s.presented - previous_->presented;
    if (frames < 1 || frames > 60) return;
    const auto seen = std::clamp(media_step / frames, kFrameMin, kFrameMax);
    frame_ += (seen - frame_) / 4;
}

void PlaybackMonitor::follow_line(const Sample& s, Micros earliest, bool restart) {
    if (restart) line_.clear();
    line_.emplace_back(s.at, *s.media_time - s.at);
    while (s.at - line_.front().first > kLineWindow) line_.pop_front();
    auto highest = line_.front().second;
    for (const auto& [at, c] : line_) highest = std::max(highest, c);
    last_advance_ = std::clamp(*s.media_time - highest, std::min(earliest, s.at), s.at);
}

void PlaybackMonitor::not_advanced(const Sample& s, Events& out) {
    const auto media_there = s.buffered_s >= definition_.stall_buffer_s || playhead_ran(s);
    if (!media_there && state_ != State::decoder_frozen) freeze_evidence_.reset();
    if (media_there && !freeze_evidence_) freeze_evidence_ = state_ == State::stalled ? s.at : last_advance_;
    if (state_ == State::playing && !media_there && s.at - last_advance_ >= stall_threshold())
        begin_stall(last_advance_, std::min(s.buffered_s, previous_ ? previous_->buffered_s : s.buffered_s),
                    out);
    if (state_ == State::stalled) announce(s.at, out);
    if (!freeze_evidence_ || s.at - *freeze_evidence_ < definition_.freeze_after) return;
    if (state_ == State::stalled) {
        end_stall(*freeze_evidence_);
        account(merger_.close(*freeze_evidence_), out);
    }
    if (state_ == State::playing) begin_freeze(*freeze_evidence_, out);
}

void PlaybackMonitor::begin_stall(Micros at, double buffered_s, Events& out) {
    at = std::max(at, since_);
    account(merger_.begin(at, buffered_s, anchor_pdt_), out);
    enter(State::stalled, at);
}

void PlaybackMonitor::announce(Micros now, Events& out) {
    if (!merger_.announce(now)) return;
    const auto& e = *merger_.current();
    out.push_back({.kind = PlaybackEvent::Kind::stall_begin,
                   .begin = e.begin,
                   .length = merger_.stalled(now),
                   .buffered_s = e.buffered_s,
                   .media_pdt = e.media_pdt});
}

void PlaybackMonitor::end_stall(Micros at) {
    at = std::max(at, since_);
    merger_.end(at);
    enter(State::playing, at);
}

void PlaybackMonitor::begin_freeze(Micros at, Events& out) {
    account(merger_.close(at), out);
    enter(State::decoder_frozen, at);
    freeze_begin_ = since_;
    ++totals_.freezes;
    out.push_back({.kind = PlaybackEvent::Kind::freeze_begin, .begin = since_, .media_pdt = anchor_pdt_});
}

void PlaybackMonitor::end_freeze(Micros at, Events& out) {
    if (!freeze_begin_) return;
    at = std::max(at, *freeze_begin_);
    const auto length = at - *freeze_begin_;
    totals_.frozen += length;
    out.push_back(
        {.kind = PlaybackEvent::Kind::freeze_end, .begin = *freeze_begin_, .end = at, .length = length});
    freeze_begin_.reset();
}

void PlaybackMonitor::account(const std::optional<Episode>& over, Events& out) {
    if (!over) return;
    PlaybackEvent e{.begin = over->begin, .buffered_s = over->buffered_s, .media_pdt = over->media_pdt};
    if (!over->announced) {
        if (over->stalled < definition_.counted) {
            ++totals_.micro_stalls;
            return;
        }
        // It reached the threshold only with its last part, seen after it was over.
        e.kind = PlaybackEvent::Kind::stall_begin;
        e.length = over->stalled;
        out.push_back(e);
    }
    ++totals_.stalls;
    totals_.stalled += over->stalled;
    e.kind = PlaybackEvent::Kind::stall_end;
    e.end = over->end;
    e.length = over->stalled;
    out.push_back(e);
}

void PlaybackMonitor::count(const Sample& s) {
    const auto step = [](std::int64_t now, std::int64_t before) {
        return now >= before ? now - before : now;
    };
    if (!previous_) return;  // a page that was playing before we listened: counted from here
    totals_.presented += step(s.presented, previous_->presented);
    totals_.dropped += step(s.dropped, previous_->dropped);
}

std::vector<PlaybackEvent> PlaybackMonitor::finish(Micros at, State how) {
    Events out;
    if (state_ == State::ended || state_ == State::failed) return out;
    at = std::max(at, std::max(newest_, since_));
    open_at(at);
    if (state_ == State::playing) account(merger_.settle(last_advance_), out);
    end_freeze(at, out);
    account(merger_.close(at), out);
    if (state_ == State::starting && marks_[static_cast<std::size_t>(MarkName::click)]) {
        const auto click = *marks_[static_cast<std::size_t>(MarkName::click)];
        out.push_back(
            {.kind = PlaybackEvent::Kind::start_failed, .begin = click, .end = at, .length = at - click});
    }
    enter(how, at);
    return out;
}

std::array<Micros, kStateCount> PlaybackMonitor::durations(Micros now) const {
    auto all = totals_.in_state;
    if (begin_) all[static_cast<std::size_t>(state_)] += std::max(Micros{0}, now - since_);
    return all;
}

std::optional<double> stall_ratio(Micros stalled, Micros played) {
    if (played + stalled <= Micros{0}) return {};
    return static_cast<double>(stalled.count()) / static_cast<double>((played + stalled).count());
}

std::optional<double> stalls_per_100_s(std::int64_t stalls, Micros played) {
    if (played <= Micros{0}) return {};
    return 100e6 * static_cast<double>(stalls) / static_cast<double>(played.count());
}

std::optional<double> stalled_s_per_100_s(Micros stalled, Micros played) {
    if (played <= Micros{0}) return {};
    return 100.0 * static_cast<double>(stalled.count()) / static_cast<double>(played.count());
}

}  // namespace tongke::qoe
