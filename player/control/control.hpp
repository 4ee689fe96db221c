// The node's control plane (C09–C13): who is logged in, who holds which room's
// lease, under which bundle. Owns sessions, leases, lock-outs and the audit
// trail and keeps them on disk; every decision itself is may(). On the node's
// I/O thread; files on the disk thread, passwords on the login thread. A start
// or a log-in is answered once it is on disk and audited, and a start that cannot
// be is undone; a stop or a log-out holds at once, also where the disk fails.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/auth/audit.hpp"
#include "common/http/message.hpp"
#include "player/control/rights.hpp"
#include "player/control/sessions.hpp"

namespace tongke::player {

/// Runs a function on a thread that outlives the control plane's stop.
using Executor = std::function<void(std::function<void()>)>;

struct ControlOptions {
    std::filesystem::path folder;  // of the node's data
    Executor on_io, on_disk, on_login;
    std::function<std::vector<net::IpPrefix>()> own_prefixes = net::own_prefixes;
};

struct LogIn {
    std::string cookie;  // "" when refused
    int status = 200;
    std::string code, detail_zh;
    int retry_after_s = 0;
};

class Control {
  public:
    /// Reads what was kept; throws std::runtime_error when the audit trail cannot be opened.
    Control(ControlOptions options, const Clock& clock);
    ~Control();
    Control(const Control&) = delete;

    const SharedBundle& bundle() const;
    void set_bundle(SharedBundle bundle);

    /// The account behind the request's cookie, while the bundle knows it.
    std::optional<Who> who(const http::Request& request);
    /// Everything may() wants to know. Pointers are good until the next change of lease or bundle.
    RightsQuery query(const http::Request& request, std::string_view room, Action action);
    const LeaseBook& leases() const;
    /// The other person of a live test: of that role, of this room, seen here in the last 30 minutes.
    std::optional<std::string> attending(std::string_view room, auth::Role role) const;

    void log_in(std::string account, std::string password, std::string peer, std::function<void(LogIn)> done);
    void log_out(std::string_view cookie, std::function<void(bool on_disk)> done);
    /// After may() allowed it: the lease is taken (stopped) and audited; false when the disk refused.
    void start(const RightsQuery& query, std::function<void(bool done)> done);
    void stop_playing(const RightsQuery& query, std::function<void(bool done)> done);
    /// Refusals worth remembering (C10): kept in the audit trail, a flood as its count, not waited for.
    void audit_refusal(auth::AuditEntry entry);

    /// Every 250 ms: leases that are over, slots that were extended, sessions that aged.
    void tick();

    std::function<void(const Lease&)> on_started;
    std::function<void(const Lease&, WallTime at)> on_ended;
    /// The session that runs the room's page test; null when none runs.
    std::function<const std::string*(std::string_view room)> test_session;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tongke::player
