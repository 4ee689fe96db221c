// The relay's control plane: accounts, sessions, roster, schedule, nodes,
// telemetry, audit, and the API over them. Everything lives on ONE thread, the
// control thread, where SQL may block; the program gives a way to get there and
// calls tick() on it. Start-up faults throw.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/auth/audit.hpp"
#include "common/auth/key.hpp"
#include "common/http/router.hpp"
#include "common/metrics/metrics.hpp"
#include "common/time/clock.hpp"
#include "relay/stream/stream_info.hpp"
#include "relay/stream/subscriber_info.hpp"

namespace tongke::relay {

struct ControlConfig {
    std::string data_dir;
    std::string database_url = "sqlite:";  // [database] url
    std::string lesson_stream = "main";
    std::string test_stream = "test";
    std::string help_phone = "4001910910";  // A19
    Milliseconds telemetry_window = std::chrono::seconds{5};
    Milliseconds offline_after = std::chrono::seconds{15};  // by the relay's own clock
    Milliseconds bundle_validity = std::chrono::hours{7 * 24};
    Milliseconds session_idle = std::chrono::hours{12};
    Milliseconds event_stream_period = std::chrono::milliseconds{500};
};

/// What the rest of the relay lends to the control plane.
struct ControlHooks {
    /// Runs a function on the control thread; called from any thread.
    http::Dispatch post;
    /// Blocking work (scrypt) beside the control thread. Empty: two threads of its own.
    http::Dispatch background;
    /// StreamHub::snapshot. Empty: no streams.
    std::function<void(std::function<void(std::vector<StreamInfo>)> done)> streams;
    /// MediaServer::subscribers. Empty: nobody plays.
    std::function<void(const std::string& stream, std::function<void(std::vector<SubscriberInfo>)> done)>
        subscribers;
    /// "" when done, else a problem code (`no_backup`, `no_such_stream`). Empty: always `no_backup`.
    std::function<std::string(const std::string& stream, const std::string& use)> switch_source;
    /// Told when the debug window that is open, or nearly, becomes another one: its begin. Empty: not told.
    std::function<void(std::optional<WallTime> begin)> debug_window;
    /// False until the listeners are up, and while the program stops.
    std::function<bool()> ready;
};

/// Where serve and the commands beside it find the same things.
std::string signing_key_path(const std::string& data_dir);
std::string audit_path(const std::string& data_dir);

class ControlPlane {
  public:
    ControlPlane(ControlConfig config, const Clock& clock, metrics::Metrics& metrics, auth::SigningKey key,
                 ControlHooks hooks);
    ~ControlPlane();
    ControlPlane(const ControlPlane&) = delete;
    ControlPlane& operator=(const ControlPlane&) = delete;

    /// Every route of the control plane, /metrics, /healthz and /readyz included.
    void add_routes(http::Router& router);

    /// Control thread, every 100–250 ms: time-outs, waiting bundles, changes made by commands.
    void tick();

    /// Any thread: into the hash chain (publish refusals, start and stop of the program …).
    void audit(auth::AuditEntry entry);

    /// Control thread, before the HTTP server stops: waiting requests are answered, event streams
    /// end, counters are written, the own background threads join.
    void stop();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tongke::relay
