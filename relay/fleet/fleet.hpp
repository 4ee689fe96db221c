// All nodes: enrolling them, believing their requests, taking their telemetry,
// judging stalls, knowing who is silent. Owns the board and the record store;
// on the control thread, like everything it uses.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/auth/node_request.hpp"
#include "common/metrics/metrics.hpp"
#include "common/time/ticks.hpp"
#include "relay/fleet/bundle_office.hpp"
#include "relay/fleet/counter_book.hpp"
#include "relay/fleet/room_board.hpp"
#include "relay/fleet/source_watch.hpp"

namespace tongke::relay {

struct FleetConfig {
    BundleConfig bundle;
    BoardConfig board;
};

class Fleet {
  public:
    Fleet(store::Database& database, const Clock& clock, metrics::Metrics& metrics,
          const auth::SigningKey& key, FleetConfig config);

    /// Makes the tables and reads what is remembered. Once, at the start.
    Result<void> load();
    void set_roster(std::shared_ptr<const Roster> roster);
    void set_schedule(std::vector<Slot> schedule);

    struct Enrolment {
        std::string refusal;  // "" or a problem code: bad_csr, unknown_code, expired_code, used_code
        Node node;
    };
    Result<Enrolment> enrol(std::string_view code, std::string_view csr_pem);

    /// The node that signed this request, or why not (auth::AuthError).
    Result<std::string> verify(std::string_view token, const auth::SignedRequest& request);
    /// Null when it was never enrolled or is revoked.
    const Node* node(std::string_view id) const;
    Result<StoredBundle> bundle(const Node& node);

    struct Accepted {
        std::string boot;
        std::int64_t seq = 0;
    };
    /// Everything in it is on disk when this returns without an error.
    Result<Accepted> accept(const Node& node, const Telemetry& telemetry);

    void source_sampled(std::int64_t newest_frame);
    /// Judges stalls that have waited long enough, writes last-seen times, sets the gauges.
    void tick();
    /// Writes what is held back.
    void stop();

    RoomSummary summary(const Room& room) const;
    const Roster& roster() const { return *roster_; }
    const std::vector<Slot>& schedule() const { return schedule_; }
    RecordStore& records() { return records_; }
    /// Rooms that may look different from what they did at the last call.
    std::set<std::string> take_changed();
    /// Rises when roster or schedule changed: waiting bundle requests look again.
    std::uint64_t generation() const { return generation_; }

  private:
    void load_nodes();
    void settle_stalls();
    void settle(const StoredEvent& stall);
    void forget_recent(WallTime now);
    std::vector<StallSpan> recent_spans() const;
    void write_last_seen(bool all);
    void count_rooms();
    void count_playback(const std::string& node, const RoomReport& report);

    const Clock& clock_;
    metrics::Metrics& metrics_;
    store::Database& db_;
    FleetConfig config_;
    NodeStore nodes_store_;
    RecordStore records_;
    BundleOffice office_;
    RoomBoard board_;
    SourceWatch source_;
    CounterBook counters_;
    auth::ReplayWindow replay_;
    std::shared_ptr<const Roster> roster_ = std::make_shared<Roster>();
    std::vector<Slot> schedule_;
    std::uint64_t generation_ = 1;

    struct KnownNode {
        Node node;
        std::optional<auth::VerifyKey> key;
        WallTime seen_written{};
        bool seen_pending = false;
    };
    std::map<std::string, KnownNode, std::less<>> nodes_;
    struct Waiting {
        StoredEvent stall;
        SteadyTime due;
    };
    std::vector<Waiting> unsettled_;
    std::deque<StallSpan> recent_;  // stalls of the last minutes, for the common cause
    std::map<std::string, RoomState> shown_;
    std::set<std::string> changed_;
    Every count_{Milliseconds{1000}};
};

}  // namespace tongke::relay
