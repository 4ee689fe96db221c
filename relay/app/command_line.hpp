// The command line of tongke-relay (CONTRACT.md §2) as a plain value. The
// parser (CLI11) is in the source file only.
#pragma once
#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "common/time/clock.hpp"

namespace tongke::relay {

inline constexpr int kExitDone = 0, kExitOther = 1, kExitUsage = 64, kExitConfiguration = 78;

namespace command {
struct Serve {};
struct CheckConfig {};
struct TokenPlay {
    std::string stream, node;
    Milliseconds ttl = std::chrono::hours{8};
};
struct RosterImport {
    std::string file;
    bool dry_run = false;
};
struct RosterExport {};
struct NodeInvite {
    std::string county;
};
struct ScheduleImport {
    std::string file;
};
struct AccountSet {
    std::string account, role, name, county, room;
};
struct AuditVerify {};
struct StreamState {};
}  // namespace command

using Command = std::variant<command::Serve, command::CheckConfig, command::TokenPlay, command::RosterImport,
                             command::RosterExport, command::NodeInvite, command::ScheduleImport,
                             command::AccountSet, command::AuditVerify, command::StreamState>;

struct CommandLine {
    std::string config_file;  // "" = /etc/tongke/relay.toml if it is there, else the defaults
    std::string data_dir;     // "" = as configured
    std::vector<std::string> set;
    Command command = command::Serve{};
};

/// Nothing to run: help and version were printed (exit 0) or a complaint (64).
struct Ended {
    int exit_code = kExitDone;
};

std::variant<CommandLine, Ended> parse_command_line(int argc, const char* const* argv, std::ostream& out,
                                                    std::ostream& err);

}  // namespace tongke::relay
