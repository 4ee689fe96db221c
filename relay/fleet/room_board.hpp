// What every classroom is doing now, from what its node last said and from the
// relay's own clock: a node that is silent is 失联, never green (SCREENS.md §3).
// In memory; pure but for the roster it is given. Control thread.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relay/fleet/node_store.hpp"
#include "relay/fleet/record_store.hpp"
#include "relay/fleet/telemetry.hpp"
#include "relay/roster/roster.hpp"

namespace tongke::relay {

struct LastTest {
    std::string verdict;
    WallTime at{};
};

/// RoomSummary of api.ts.
struct RoomSummary {
    std::string id, name, county, county_name, site, contact, advice;
    RoomState state = RoomState::never_enrolled;
    std::optional<WallTime> since;
    std::optional<double> buffer_s;
    double target_s = 0;
    std::vector<std::optional<double>> buffer_history;
    std::optional<std::int64_t> minutes_since_start;
    RoomDay today;  // closed stalls that began today (Asia/Shanghai)
    std::optional<StallReport> open_stall, last_stall;
    std::optional<LastTest> last_test;
};

struct BoardConfig {
    Milliseconds offline_after = std::chrono::seconds{15};
    double default_target_s = 8;
    std::string help_phone;
};

class RoomBoard {
  public:
    explicit RoomBoard(BoardConfig config) : config_(std::move(config)) {}

    void set_roster(std::shared_ptr<const Roster> roster) { roster_ = std::move(roster); }
    /// Enrolled nodes as stored; a node known already keeps what it reported.
    void set_nodes(const std::vector<Node>& nodes);

    /// A node's telemetry was accepted. Rooms of another county are left out.
    void report(const std::string& node, const Telemetry& telemetry, SteadyTime now, WallTime wall);
    /// A closed stall, new or loaded at the start.
    void stall_ended(const StoredEvent& stall, WallTime wall);
    /// Its hop has become final.
    void stall_settled(const StoredEvent& stall);
    void test_finished(const TestRecord& test);

    bool node_connected(const std::string& node, SteadyTime now) const;
    std::size_t nodes_connected(SteadyTime now) const;
    /// Nodes with at least one room that plays or is stalled.
    std::size_t nodes_playing(SteadyTime now) const;

    /// The state alone, for counting.
    RoomState state_of(const Room& room, SteadyTime now) const;
    RoomSummary summary(const Room& room, SteadyTime now, WallTime wall) const;

  private:
    struct NodeLive {
        std::string county;
        std::optional<SteadyTime> seen;
        std::optional<WallTime> seen_wall;
    };
    struct Cell {
        std::int64_t index;
        double lowest;
    };
    struct RoomLive {
        std::string node;
        RoomReport report;
        SteadyTime seen{};
        WallTime seen_wall{};
        std::deque<Cell> history;
    };
    struct RoomPast {
        std::string day;
        RoomDay today;
        std::optional<StallReport> last_stall;
        std::optional<LastTest> last_test;
    };
    struct Place {  // where a room stands
        RoomState state;
        std::optional<WallTime> since;
        std::string site;
        const RoomLive* live = nullptr;  // what is known of it, also while offline
    };
    Place place_of(const Room& room, SteadyTime now) const;
    std::vector<std::optional<double>> history_of(const RoomLive& live, SteadyTime now) const;

    BoardConfig config_;
    std::shared_ptr<const Roster> roster_;
    std::map<std::string, NodeLive> nodes_;
    std::map<std::string, RoomLive> rooms_;
    std::map<std::string, RoomPast> past_;
};

}  // namespace tongke::relay
