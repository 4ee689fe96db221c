// Everything that happened in a room, as RoomEvent of common/ui/api.ts, into the
// telemetry spool: on disk first, then shown and uploaded. Events carry a key, so
// that beacons replayed after a restart add nothing twice. On the I/O thread.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/time/clock.hpp"
#include "player/qoe/room_monitor.hpp"
#include "player/telemetry/spool.hpp"

namespace tongke::player {

struct EventIn {
    std::string room;
    std::string_view type;  // "stall_begin" … of RoomEvent
    std::string key;        // "" when it cannot come twice
    WallTime begin{};
    std::optional<WallTime> end;
    std::optional<double> seconds;
    std::optional<qoe::StallClass> stall_class;
    qoe::Hop hop = qoe::Hop::unknown;
    std::optional<double> share;
};

class EventLog {
  public:
    /// `node`: the id this node was enrolled under. `news`: something waits to be uploaded.
    EventLog(telemetry::Spool& spool, std::function<std::string()> node, std::function<void()> news)
        : spool_(spool), node_(std::move(node)), news_(std::move(news)) {}

    /// False when an event with its key is already there.
    bool add(const EventIn& event);
    /// `test`: a LiveTest of api.ts; it gets boot and seq, by which the relay acknowledges it.
    /// Once: a record with its id that is already there stays. `stored` once it is on disk.
    void add_test(const std::string& room, const std::string& id, std::string test,
                  std::function<void()> stored = {});
    telemetry::Spool& spool() { return spool_; }

  private:
    telemetry::Spool& spool_;
    std::function<std::string()> node_;
    std::function<void()> news_;
};

/// Steady to wall, as of one moment: the node's own two clocks.
struct ClockPair {
    SteadyTime steady;
    WallTime wall;
    WallTime to_wall(SteadyTime t) const {
        return wall + std::chrono::duration_cast<Milliseconds>(t - steady);
    }
    SteadyTime to_steady(WallTime t) const { return steady + (t - wall); }
};
inline ClockPair read_clocks(const Clock& clock) { return {clock.now(), clock.wall()}; }

}  // namespace tongke::player
