// One page load: its batches put in order (late, reordered and repeated ones
// are normal: a page resends what was not acknowledged), mapped to the node's
// clock and given to its PlaybackMonitor. Events come out back-dated on the
// node's steady clock. One owner (the room), on the node's I/O thread. Pure.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "player/qoe/clock_map.hpp"
#include "player/qoe/playback_monitor.hpp"

namespace tongke::qoe {

struct PageEvent {
    PlaybackEvent::Kind kind{};
    std::string key;  // the same again when recorded batches are replayed: drop what is already spooled
    SteadyTime begin{};
    std::optional<SteadyTime> end;
    Micros length{};
    double buffered_s = 0;
    std::optional<std::int64_t> media_pdt;
};

struct MappedFetch {
    std::int64_t msn = 0;
    std::int64_t bytes = 0;
    SteadyTime begin{}, end{};
    bool stored = false;
};

struct BufferPoint {
    SteadyTime at;
    double seconds;
};

struct Intake {
    std::vector<PageEvent> events;
    std::vector<MappedFetch> fetches;
    std::vector<BufferPoint> buffer;  // one per visible sample after the first frame
};

class PageSession {
  public:
    /// Nothing of this page can be older than `floor` on the node's clock (its lease's begin).
    PageSession(std::string page, SteadyTime floor, Definition definition = {});

    /// Refused batches change nothing; repeated ones are accepted and change nothing.
    Result<Intake> add(const BeaconBatch& batch, SteadyTime arrival);
    /// Gives up on batches missing for 10 s. Call about once a second.
    Intake advance(SteadyTime now);
    /// The page is gone (or its lesson over): ends at its newest sample, or at `at` if it is still heard
    /// from.
    Intake finish(SteadyTime at, State how = State::ended);

    const std::string& page() const { return page_; }
    const PlaybackMonitor& monitor() const { return monitor_; }
    const ClockMap& clock() const { return clock_; }
    bool heard(SteadyTime now) const;  // within the last 5 s
    SteadyTime last_heard() const { return last_arrival_; }
    /// The buffer now: newest sample, minus what was played since (QOE.md §2); empty when not heard.
    std::optional<double> buffer(SteadyTime now) const;
    /// wall(now) − capture time of the frame on screen; empty when not measurable.
    std::optional<double> latency(SteadyTime now, WallTime wall) const;
    std::optional<SteadyTime> open_stall_begin() const;
    Micros open_stalled(SteadyTime now) const;
    SteadyTime to_node(Micros page_time) const { return clock_.to_node(page_time); }
    std::optional<SteadyTime> newest_sample() const;
    Micros newest_page_time() const { return newest_ ? newest_->at : Micros{0}; }
    std::int64_t duplicates() const { return duplicates_; }
    std::int64_t lost() const { return lost_; }

  private:
    void take(const BeaconBatch& batch, Intake& out);
    void take_ready(Intake& out);
    void emit(const std::vector<PlaybackEvent>& events, Intake& out);
    Error check(const BeaconBatch& batch, SteadyTime arrival) const;

    std::string page_;
    ClockMap clock_;
    PlaybackMonitor monitor_;
    std::int64_t expected_ = 0;  // 0: nothing yet
    struct Held {
        BeaconBatch batch;
        SteadyTime arrival;
    };
    std::map<std::int64_t, Held> held_;
    SteadyTime last_arrival_{};
    std::optional<Micros> first_at_;
    std::optional<Sample> newest_;
    std::optional<SteadyTime> stall_begin_, freeze_begin_;
    std::int64_t duplicates_ = 0, lost_ = 0;
    bool finished_ = false;
};

}  // namespace tongke::qoe
