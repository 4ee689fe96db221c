// The command line of tongke-player (CONTRACT.md §2) as a plain value. The
// parser (CLI11) is in the source file only.
#pragma once
#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

namespace tongke::player {

inline constexpr int kExitDone = 0, kExitOther = 1, kExitUsage = 64, kExitConfiguration = 78;

namespace command {
struct Serve {};
struct CheckConfig {};
struct Enroll {
    std::string relay, code;
};
struct Test {
    std::string room;  // "" = the county's first room
    int minutes = 8;
    bool json = false;
};
struct QoeReplay {
    std::string file;
};
}  // namespace command

using Command =
    std::variant<command::Serve, command::CheckConfig, command::Enroll, command::Test, command::QoeReplay>;

struct CommandLine {
    std::string config_file;  // "" = /etc/tongke/player.toml if it is there, else the defaults
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

}  // namespace tongke::player
