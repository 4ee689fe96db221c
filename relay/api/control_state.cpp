#include "relay/api/control_state.hpp"

#include <stdexcept>

#include "common/log/log.hpp"
#include "common/store/migrations.hpp"

namespace tongke::relay {
namespace {

std::unique_ptr<store::Database> open_database(const ControlConfig& config, metrics::Metrics& metrics) {
    store::Options options;
    options.metrics = &metrics;
    auto db = store::Database::open(config.database_url, config.data_dir, options);
    if (!db) throw std::runtime_error("database: " + db.error().message());
    return std::move(*db);
}

void must(const Result<void>& done, const char* what) {
    if (!done) throw std::runtime_error(std::string{what} + ": " + done.error().message());
}

FleetConfig fleet_config(const ControlConfig& config) {
    FleetConfig out;
    out.bundle = {config.lesson_stream, config.test_stream, config.help_phone, config.bundle_validity,
                  config.telemetry_window};
    out.board.offline_after = config.offline_after;
    out.board.help_phone = config.help_phone;
    return out;
}

/// Enrolment codes are tried by address only; there is no account to lock.
auth::LockoutRules enrol_rules() {
    auth::LockoutRules rules;
    rules.account_failures = 1 << 30;
    return rules;
}

/// Cut: a path is the caller's, and as long as it likes.
std::string described(const http::Request& request) {
    return request.method + " " + request.path.substr(0, 100);
}

constexpr auto kChangesChecked = std::chrono::milliseconds{400};

}  // namespace

ControlState::ControlState(ControlConfig config_in, const Clock& clock_in, metrics::Metrics& metrics_in,
                           auth::SigningKey key_in, ControlHooks hooks_in)
    : config(std::move(config_in)),
      clock(clock_in),
      metrics(metrics_in),
      key(std::move(key_in)),
      hooks(std::move(hooks_in)),
      db(open_database(config, metrics)),
      rosters(*db),
      schedules(*db),
      fleet(*db, clock, metrics, key, fleet_config(config)),
      sessions(*db, config.session_idle),
      audit_file(audit_path(config.data_dir)),
      enrol_lockout(enrol_rules()) {
    must(rosters.migrate(), "roster");
    must(schedules.migrate(), "schedule");
    must(sessions.load(clock.wall()), "sessions");
    must(fleet.load(), "fleet");
    reload_changes(true);
    if (!hooks.background) pool = std::make_unique<BackgroundPool>();
}

const Account* ControlState::signed_in(const http::Request& request, const http::Reply& reply) {
    const auto* account = sessions.account_of(request.cookie("tongke_relay"), fleet.roster(), clock.wall());
    if (account == nullptr) reply(http::problem(401, "not_logged_in", "尚未登录或登录已失效，请重新登录"));
    return account;
}

bool ControlState::allow(bool permitted, const Account& account, const http::Request& request,
                         const http::Reply& reply) {
    if (permitted) return true;
    refusals.refused({account.account, described(request), "", "forbidden", ""}, clock.now());
    reply(http::problem(403, "forbidden", "您的账号没有这项权限；如确有需要，请联系系统管理员"));
    return false;
}

bool ControlState::audit(const auth::AuditEntry& entry) {
    try {
        audit_file.append(clock.wall(), entry);
        return true;
    } catch (const std::exception& error) {
        log::error("audit", "cannot be written: {}", error.what());
        metrics.counter("tongke_audit_failures_total", "Audit records that could not be written.")
            .Increment();
        return false;
    }
}

void ControlState::refused(const std::string& reason, const http::Request& request,
                           const std::string& target) {
    refusals.refused({"", described(request), target, reason, request.peer}, clock.now());
}

bool ControlState::in_background(std::function<void()> work, std::function<void()> then) {
    auto task = [work = std::move(work), then = std::move(then), post = hooks.post]() mutable {
        work();
        post(std::move(then));
    };
    if (pool) return pool->run(std::move(task));
    hooks.background(std::move(task));
    return true;
}

void ControlState::reload_changes(bool at_start) {
    if (!at_start && clock.now() - changes_checked < kChangesChecked) return;
    changes_checked = clock.now();
    const auto roster_count = store::change_count(*db, kRosterTopic);
    const auto schedule_count = store::change_count(*db, kScheduleTopic);
    if (roster_count && *roster_count != roster_changes) {
        auto roster = rosters.load();
        if (at_start && !roster) must(roster.error(), "roster");
        if (roster) {
            roster_changes = *roster_count;
            sessions.close_invalid(*roster);
            fleet.set_roster(std::make_shared<const Roster>(std::move(*roster)));
        }
    }
    if (schedule_count && *schedule_count != schedule_changes) {
        auto schedule = schedules.load();
        if (schedule) {
            schedule_changes = *schedule_count;
            fleet.set_schedule(std::move(*schedule));
        }
    }
}

void add_route(http::Router& router, const SharedState& state, std::string method, std::string pattern,
               void (*handle)(ControlState&, const http::Request&, const http::Reply&)) {
    router.add(
        std::move(method), std::move(pattern),
        [state, handle](const http::Request& request, http::Reply reply) { handle(*state, request, reply); },
        state->hooks.post);
}

http::Response store_problem(const Error& error) {
    const bool full = error == store::Errc::disk_full;
    return http::problem(
        503, full ? "disk_full" : "storage_failed",
        full ? "服务器磁盘已满，本次操作未保存；请联系运维" : "服务器暂时无法保存，请稍后重试");
}

}  // namespace tongke::relay
