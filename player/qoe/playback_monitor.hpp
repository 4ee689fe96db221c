// QoE-Def v1 for one page: samples and marks in page order go in, state and
// back-dated events come out. Between two 5 Hz samples the moment a frame was
// presented is computed from its media time and the playback line
// (media_time − now while frames flow), so begin and end are good to one frame.
// All times are the page's own; PageSession maps them. Pure.
#pragma once
#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "player/qoe/beacon.hpp"
#include "player/qoe/episode.hpp"

namespace tongke::qoe {

struct PlaybackEvent {
    enum class Kind { started, start_failed, stall_begin, stall_end, freeze_begin, freeze_end };
    Kind kind{};
    Micros begin{};
    std::optional<Micros> end;
    Micros length{};                        // started: startup time; stall_end: sum of the stalled parts
    double buffered_s = 0;                  // at the stall's begin
    std::optional<std::int64_t> media_pdt;  // unix ms of the last frame shown before it
};

struct PlaybackTotals {
    std::array<Micros, kStateCount> in_state{};  // closed spans; durations() adds the open one
    std::int64_t stalls = 0;                     // counted episodes, ended
    Micros stalled{};                            // their stalled parts
    std::int64_t micro_stalls = 0;
    std::int64_t freezes = 0;
    Micros frozen{};
    std::int64_t presented = 0;
    std::int64_t dropped = 0;
    std::optional<double> buffer_min_s;  // from 10 s after the first frame, while visible
    std::optional<Micros> startup;       // click → first frame
};

class PlaybackMonitor {
  public:
    explicit PlaybackMonitor(Definition definition = {});

    /// Samples and marks must not go back in time; one that does is counted and ignored.
    std::vector<PlaybackEvent> add(const Sample& sample);
    std::vector<PlaybackEvent> add(const Mark& mark);
    /// Ends the session; an open stall or freeze ends then too.
    std::vector<PlaybackEvent> finish(Micros at, State how = State::ended);

    State state() const { return state_; }
    Micros state_since() const { return since_; }
    /// The counted episode now open, announced and not yet settled.
    const std::optional<Episode>& episode() const { return merger_.current(); }
    bool stalling() const { return merger_.stalling(); }
    Micros stalled_so_far(Micros now) const { return merger_.stalled(now); }
    const PlaybackTotals& totals() const { return totals_; }
    std::array<Micros, kStateCount> durations(Micros now) const;  // add up to now − session begin
    std::optional<Micros> session_begin() const { return begin_; }
    std::optional<Micros> span(MarkName name) const { return marks_[static_cast<std::size_t>(name)]; }
    std::int64_t ignored() const { return ignored_; }
    Micros last_advance() const { return last_advance_; }

  private:
    using Events = std::vector<PlaybackEvent>;
    void enter(State to, Micros at);
    void open_at(Micros at);
    void excuse(State to, Micros at, Events& out);
    void resume_watching(const Sample& s);
    void first_frame(Micros at, Events& out);
    void watch(const Sample& s, Events& out);
    void advanced(const Sample& s, Events& out);
    void not_advanced(const Sample& s, Events& out);
    void follow_jump(const Sample& s);
    Micros first_new_frame(const Sample& s) const;
    bool playhead_ran(const Sample& s) const;
    bool was_flowing(const Sample& s) const;
    bool just_resumed(const Sample& s) const;
    void resumed(const Sample& s, Micros first, Events& out);
    bool was_short_stall(const Sample& s, Micros first) const;
    void follow_line(const Sample& s, Micros earliest, bool restart);
    void learn_frame(const Sample& s, Micros media_step);
    void begin_stall(Micros at, double buffered_s, Events& out);
    void end_stall(Micros at);
    void begin_freeze(Micros at, Events& out);
    void end_freeze(Micros at, Events& out);
    void account(const std::optional<Episode>& over, Events& out);
    void announce(Micros now, Events& out);
    void count(const Sample& s);
    Micros stall_threshold() const;

    Definition definition_;
    EpisodeMerger merger_;
    State state_ = State::idle;
    Micros since_{};
    std::optional<Micros> begin_;
    std::optional<Sample> previous_;
    Micros newest_{};
    std::optional<Micros> first_frame_at_;
    bool shown_ = false;                  // a frame was ever presented
    std::optional<Micros> anchor_media_;  // media time at the last advance
    std::optional<std::int64_t> anchor_pdt_;
    Micros last_advance_{};                       // when that frame was presented
    std::deque<std::pair<Micros, Micros>> line_;  // (sample time, media − time), a second of play
    Micros frame_{40'000};                        // media time between two frames
    std::optional<Micros> freeze_evidence_;       // media is there, yet no frame, since
    std::optional<Micros> freeze_begin_;
    bool playhead_ran_before_ = false;
    std::array<std::optional<Micros>, 6> marks_;
    PlaybackTotals totals_;
    std::int64_t ignored_ = 0;
};

/// Σ stall ÷ (Σ play + Σ stall); empty when nothing was played.
std::optional<double> stall_ratio(Micros stalled, Micros played);
/// 百秒卡顿: stalls and stalled seconds per 100 s of play; empty when nothing was played.
std::optional<double> stalls_per_100_s(std::int64_t stalls, Micros played);
std::optional<double> stalled_s_per_100_s(Micros stalled, Micros played);

}  // namespace tongke::qoe
