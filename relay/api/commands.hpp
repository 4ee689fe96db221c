// The commands that work beside a running serve on the same data folder; what
// they change acts within 1 s. Each prints what it did, in words, and returns
// the exit code: 0 done, 64 usage, 1 other. Every one is audited.
#pragma once
#include <optional>
#include <ostream>
#include <string>

#include "common/time/clock.hpp"
#include "relay/roster/roster_import.hpp"

namespace tongke::relay {

struct CommandContext {
    std::string data_dir;
    std::string database_url = "sqlite:";
    std::string actor = "cli";  // "cli:USER"
    const Clock& clock;
    std::ostream& out;
    std::ostream& err;
};

/// `roster import FILE [--dry-run]`: per-row errors, or the diff 新增/修改/停用.
int import_roster(const CommandContext& context, const std::string& file, bool dry_run,
                  const RosterColumns& columns = {});
int export_roster(const CommandContext& context, const RosterColumns& columns = {});

/// `account set`: makes or changes one account. `password` (from standard input, without the line
/// break) may be empty for an account that has one.
struct AccountRequest {
    std::string account, role, name, county, room;
};
int set_account(const CommandContext& context, const AccountRequest& request, const std::string& password);

/// `schedule import FILE.json`: {"schedule":[…]} replaces the schedule.
int import_schedule(const CommandContext& context, const std::string& file);

/// `node invite --county CODE`: the one-time code alone on the last line of `out`.
int invite_node(const CommandContext& context, const std::string& county,
                Milliseconds valid_for = std::chrono::hours{72});

/// `token play`: the token alone on `out`.
int play_token(const CommandContext& context, const std::string& stream, const std::string& node,
               Milliseconds ttl);

/// `audit verify`: 0 whole, 1 broken and where.
int verify_audit(const CommandContext& context);

}  // namespace tongke::relay
