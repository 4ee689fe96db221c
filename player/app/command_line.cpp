#include "player/app/command_line.hpp"

#include <CLI/CLI.hpp>

namespace tongke::player {
namespace {

constexpr const char* kVersion = "tongke-player 0.1.0";

/// Options write into these; the chosen command is copied out by its callback.
struct Held {
    command::Enroll enroll;
    command::Test test;
    command::QoeReplay replay;
};

CLI::App& subcommand(CLI::App& app, const std::string& name, const std::string& what) {
    auto& sub = *app.add_subcommand(name, what);
    sub.fallthrough();
    return sub;
}

void add_common(CLI::App& app, CommandLine& line) {
    app.set_version_flag("--version", std::string(kVersion));
    app.add_option("--config", line.config_file, "configuration file (TOML)")->type_name("FILE");
    app.add_option("--data-dir", line.data_dir, "overrides data_dir")->type_name("DIR");
    app.add_option("--set", line.set, "overrides one key, e.g. --set log.level=debug")
        ->type_name("SECTION.KEY=VALUE")
        ->allow_extra_args(false);
    app.require_subcommand(0, 1);
}

void add_commands(CLI::App& app, CommandLine& line, Held& held) {
    subcommand(app, "serve", "run (the default)").callback([&] { line.command = command::Serve{}; });
    subcommand(app, "check-config", "print every problem of the configuration").callback([&] {
        line.command = command::CheckConfig{};
    });
    auto& enroll = subcommand(app, "enroll", "make this node's key here and enrol it with the centre");
    enroll.add_option("--relay", held.enroll.relay, "address of the centre, https://HOST")->required();
    enroll.add_option("--code", held.enroll.code, "one-time code of 'tongke-relay node invite'")->required();
    enroll.callback([&] { line.command = held.enroll; });
    auto& test = subcommand(
        app, "test",
        "live test of the node's own part: exit 0 passed, 1 failed, 2 incomplete, 3 could not run");
    test.add_option("--room", held.test.room, "room code; none: the first of the county");
    test.add_option("--minutes", held.test.minutes, "1 to 60")->check(CLI::Range(1, 60));
    test.add_flag("--json", held.test.json, "print the record as JSON");
    test.callback([&] { line.command = held.test; });
    auto& replay = subcommand(app, "qoe-replay", "a recorded ledger in, the event list out (JSON lines)");
    replay.add_option("FILE", held.replay.file)->required();
    replay.callback([&] { line.command = held.replay; });
}

}  // namespace

std::variant<CommandLine, Ended> parse_command_line(int argc, const char* const* argv, std::ostream& out,
                                                    std::ostream& err) {
    CLI::App app{"Tongke player: a county's node, serves its branch classrooms", "tongke-player"};
    CommandLine line;
    Held held;
    add_common(app, line);
    add_commands(app, line, held);
    try {
        app.parse(argc, argv);
        return line;
    } catch (const CLI::ParseError& e) {
        return Ended{app.exit(e, out, err) == 0 ? kExitDone : kExitUsage};
    }
}

}  // namespace tongke::player
