// One classroom's playback as this node measures it: the monitor of the lesson
// now played, counters since the process began, the state word and since when.
// Events go to the EventLog. One owner (Classrooms); on the I/O thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "player/control/event_log.hpp"
#include "player/control/lease.hpp"
#include "player/control/media_channel.hpp"
#include "player/control/node_metrics.hpp"
#include "player/rooms/room_status.hpp"

namespace tongke::player {

class Classroom {
  public:
    Classroom(std::string id, const MediaChannel& lesson, EventLog& events, NodeMetrics& metrics,
              const Clock& clock);

    /// The lesson was started, or the node restarted while it was. Announced once, by its key: also when the
    /// node died with the lease on disk and the event not yet.
    void begin(const Lease& lease);
    void end(WallTime at);
    /// `replayed`: recorded before this process began, so it adds to no counter.
    Error beacons(const qoe::BeaconBatch& batch, SteadyTime arrival, bool replayed = false);
    /// Every 250 ms: late batches, colour, state, gauges.
    void advance(const Bundle& bundle, bool testing);
    /// Buffer and latency as of now: at every tick, and when somebody reads the metrics.
    void show_gauges();
    void forget_replayed() { counted_ = totals(); }

    struct Measured {
        RoomState state = RoomState::not_due;
        WallTime state_since{};
        std::optional<double> pc_buffer_s, node_buffer_s, latency_s, latency_bound_s, stall_in_s;
        double target_s = 8;
        std::int64_t stalls = 0;  // of this lesson, or of the last one
        double stalled_s = 0, played_s = 0;
        std::optional<qoe::StallRecord> open, last;
        std::vector<std::optional<double>> buffer_history;
        std::optional<WallTime> started;
    };
    Measured measured() const;
    const std::string& id() const { return id_; }
    qoe::RoomTotals totals() const;  // of the lesson now or last played

  private:
    void absorb(const qoe::RoomMonitor::Update& update, bool replayed);
    void spool(const qoe::RoomEventOut& event, bool replayed);
    void count();
    Observed observe(const qoe::RoomSnapshot& snapshot, bool testing) const;

    std::string id_;
    const MediaChannel& lesson_;
    EventLog& events_;
    NodeMetrics& metrics_;
    const Clock& clock_;
    std::unique_ptr<qoe::RoomMonitor> monitor_;
    std::string account_;
    std::optional<WallTime> started_;
    std::optional<SteadyTime> begun_;
    qoe::RoomTotals counted_, finished_;
    std::optional<qoe::StallRecord> last_;
    RoomState state_ = RoomState::not_due;
    WallTime state_since_{};
};

}  // namespace tongke::player
