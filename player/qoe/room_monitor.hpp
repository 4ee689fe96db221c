// Everything measured about one room's playback (or its test): its pages one
// after another, one open stall at most, cumulative counters, buffer, latency,
// colour. The room's owner feeds beacons and asks for the snapshot; it spools
// the events. On the node's I/O thread; pure (time is a parameter).
#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "player/qoe/attribution.hpp"
#include "player/qoe/health.hpp"
#include "player/qoe/page_session.hpp"

namespace tongke::qoe {

struct StallRecord {
    SteadyTime begin{};
    std::optional<SteadyTime> end;
    Micros stalled{};  // sum of its parts (so far, while open)
    StallClass stall_class = StallClass::short_stall;
    Verdict verdict;
};

struct RoomEventOut {
    enum class Kind { stall_begin, stall_end, freeze };
    Kind kind{};
    std::string key;  // stable over replays of the same beacons
    SteadyTime begin{};
    std::optional<SteadyTime> end;
    std::optional<Micros> length;           // stall_end, freeze
    std::optional<StallClass> stall_class;  // stall_end
    Verdict verdict;
};

/// Cumulative since the monitor was made.
struct RoomTotals {
    std::int64_t stalls = 0;
    Micros stalled{}, played{}, watched{};
    std::int64_t micro_stalls = 0, freezes = 0, presented = 0, dropped = 0;
    std::int64_t failed_starts = 0;
    std::int64_t open_stalls = 0;  // 1 while a counted stall has not ended; not in `stalls` yet
    Micros open_stalled{};
    std::optional<double> startup_s;  // of the newest successful start with a click
    std::optional<double> buffer_min_s;
    std::map<std::pair<Hop, StallClass>, std::int64_t> stalls_by;
    std::map<Hop, Micros> stalled_by;
};

struct RoomSnapshot {
    std::optional<State> state;  // empty: no page is heard
    std::optional<SteadyTime> since;
    std::optional<double> buffer_s;  // the PC's; tongke_buffer_seconds{hop="pc"}
    std::optional<double> latency_s, latency_bound_s;
    Health health = Health::unknown;
    std::optional<double> stall_in_s;  // the forecast, from 60 s down
    std::optional<StallRecord> open, last;
    RoomTotals totals;
};

class RoomMonitor {
  public:
    struct Update {
        std::vector<RoomEventOut> events;
        std::vector<MappedFetch> fetches;  // of this batch, on the node's clock
        std::vector<double> startups_s;    // for the histogram
    };

    /// `ledger` outlives this. `floor`: the lease's (or test's) begin; nothing measured is older.
    RoomMonitor(const Ledger& ledger, SteadyTime floor, double target_s, Definition definition = {});
    ~RoomMonitor();

    /// A new page id ends the page before it. Refused batches carry the reason.
    Result<Update> beacons(const BeaconBatch& batch, SteadyTime arrival);
    /// The buffer that the room aims at; known only once the stream's target duration is.
    void aim_at(double target_s) { target_s_ = target_s; }
    /// Call several times a second: gives up missing batches, moves the colour.
    Update advance(SteadyTime now);
    /// The lesson was stopped, the slot or the test is over.
    Update finish(SteadyTime now);

    RoomSnapshot snapshot(SteadyTime now, WallTime wall) const;
    RoomTotals totals(SteadyTime now) const;
    std::vector<std::optional<double>> buffer_history(SteadyTime now) const { return history_.cells(now); }
    std::optional<double> buffer_minute_minimum(SteadyTime now) const { return history_.minute_minimum(now); }
    void set_throughput_ratio(std::optional<double> ratio) { throughput_ratio_ = ratio; }
    std::int64_t refused() const { return refused_; }

  private:
    void retire(SteadyTime at, Update& out);
    void absorb(Intake intake, SteadyTime now, Update& out);
    void absorb_event(const PageEvent& e, SteadyTime now, Update& out);
    Verdict verdict_of(const PageEvent& e, SteadyTime now) const;
    std::optional<StallRecord> open_stall(SteadyTime now) const;

    const Ledger& ledger_;
    SteadyTime floor_;
    double target_s_;
    Definition definition_;
    std::unique_ptr<PageSession> page_;
    std::vector<std::string> retired_;
    PageArrivals arrivals_;
    BufferHistory history_;
    RoomHealth health_;
    RoomTotals totals_;  // of retired pages, and everything counted at events
    std::optional<PageEvent> open_;
    std::optional<StallRecord> last_;
    std::optional<double> throughput_ratio_;
    std::int64_t refused_ = 0;
};

}  // namespace tongke::qoe
