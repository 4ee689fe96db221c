// What the handlers of the control plane share; private to this folder. Alive
// as long as any handler or posted function may run. Control thread only.
#pragma once
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "common/auth/audit.hpp"
#include "common/auth/lockout.hpp"
#include "common/auth/refusal_log.hpp"
#include "common/store/database.hpp"
#include "common/time/ticks.hpp"
#include "relay/api/background_pool.hpp"
#include "relay/api/control_plane.hpp"
#include "relay/api/session_book.hpp"
#include "relay/fleet/fleet.hpp"
#include "relay/roster/roster_store.hpp"
#include "relay/schedule/schedule_store.hpp"

namespace tongke::relay {

struct WaitingBundle {
    std::string node;
    std::int64_t after = 0;
    SteadyTime until{};
    std::uint64_t generation = 0;  // looked at last
    http::Reply reply;
};

struct Watcher {
    std::string account, session_token;
    std::shared_ptr<http::EventStream> stream;
};

struct ControlState {
    ControlState(ControlConfig config, const Clock& clock, metrics::Metrics& metrics, auth::SigningKey key,
                 ControlHooks hooks);

    ControlConfig config;
    const Clock& clock;
    metrics::Metrics& metrics;
    auth::SigningKey key;
    ControlHooks hooks;
    std::unique_ptr<store::Database> db;
    RosterStore rosters;
    ScheduleStore schedules;
    Fleet fleet;
    SessionBook sessions;
    auth::AuditFile audit_file;
    auth::Lockout sign_in_lockout;
    auth::Lockout enrol_lockout;
    std::map<std::pair<std::string, std::string>, int> sign_ins_running;  // by (account, address)
    std::list<WaitingBundle> waiting_bundles;
    std::list<Watcher> watchers;
    auth::RefusalLog refusals{[this](const auth::AuditEntry& entry) { audit(entry); }};
    std::int64_t roster_changes = -1, schedule_changes = -1;
    std::optional<WallTime> slate_since;   // none: the lesson's source is not missed
    bool slate_changed = false;            // since the watchers were told
    std::optional<WallTime> debug_window;  // begin of the one that was told last
    SteadyTime changes_checked{}, watchers_greeted{};
    Every source_samples{Milliseconds{1000}}, watchers_told{config.event_stream_period};
    std::atomic<bool> stopping = false;
    std::unique_ptr<BackgroundPool> pool;

    /// The caller's account; null after having answered 401.
    const Account* signed_in(const http::Request& request, const http::Reply& reply);
    /// False after having answered 403; audited.
    bool allow(bool permitted, const Account& account, const http::Request& request,
               const http::Reply& reply);

    /// False when it could not be written: then the action must not happen.
    bool audit(const auth::AuditEntry& entry);
    /// A refusal of somebody unknown: audited as a refusal.
    void refused(const std::string& reason, const http::Request& request, const std::string& target);

    /// Runs work off the control thread and `then` on it; false when too much is waiting.
    bool in_background(std::function<void()> work, std::function<void()> then);
    void reload_changes(bool at_start);
};

/// 500/503 for a database that fails: said to the caller, logged by the store.
http::Response store_problem(const Error& error);

using SharedState = std::shared_ptr<ControlState>;
/// Adds a route whose handler runs on the control thread and answers at once or keeps the reply.
void add_route(http::Router& router, const SharedState& state, std::string method, std::string pattern,
               void (*handle)(ControlState&, const http::Request&, const http::Reply&));
void add_session_routes(http::Router& router, const SharedState& state);
void add_room_routes(http::Router& router, const SharedState& state);
void add_stream_routes(http::Router& router, const SharedState& state);
void add_node_routes(http::Router& router, const SharedState& state);
void add_health_routes(http::Router& router, const SharedState& state);

void tell_watchers(ControlState& state);
void answer_waiting_bundles(ControlState& state);

}  // namespace tongke::relay
