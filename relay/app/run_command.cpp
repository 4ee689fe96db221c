#include "relay/app/run_command.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "relay/api/commands.hpp"
#include "relay/app/data_folder.hpp"
#include "relay/stream/stream_state.hpp"

namespace tongke::relay {
namespace {

std::string actor() {
    const auto* user = getpwuid(getuid());
    return user == nullptr ? fmt::format("cli:{}", getuid()) : fmt::format("cli:{}", user->pw_name);
}

// The first line of standard input; a person at a terminal is asked.
std::string password_from_input() {
    if (isatty(STDIN_FILENO)) std::cerr << "password: " << std::flush;
    std::string line;
    std::getline(std::cin, line);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

struct Run {
    const RelayConfig& config;
    const CommandContext& context;

    int operator()(const command::TokenPlay& c) const {
        if (config.stream(c.stream) == nullptr) context.err << "note: no [stream." << c.stream << "] here\n";
        return play_token(context, c.stream, c.node, c.ttl);
    }
    int operator()(const command::RosterImport& c) const { return import_roster(context, c.file, c.dry_run); }
    int operator()(const command::RosterExport&) const { return export_roster(context); }
    int operator()(const command::NodeInvite& c) const { return invite_node(context, c.county); }
    int operator()(const command::ScheduleImport& c) const { return import_schedule(context, c.file); }
    int operator()(const command::AccountSet& c) const {
        return set_account(context, {c.account, c.role, c.name, c.county, c.room}, password_from_input());
    }
    int operator()(const command::AuditVerify&) const { return verify_audit(context); }
    int operator()(const command::StreamState&) const { return stream_state(); }
    int operator()(const command::Serve&) const { return kExitOther; }
    int operator()(const command::CheckConfig&) const { return kExitOther; }

    int stream_state() const {
        int code = kExitDone;
        for (const auto& stream : config.streams) {
            const auto file = std::filesystem::path(config.data_dir) / "streams" / (stream.name + ".json");
            const auto kept = StateFile(file).load();
            if (!kept) {
                context.err << stream.name << ": " << file.string() << ": " << kept.error().message() << '\n';
                code = kExitOther;
                continue;
            }
            context.out << fmt::format(
                "{}: frames below {}, media sequence below {}, target duration {}\n", stream.name,
                kept->frames, kept->msn,
                kept->target_duration ? fmt::format("{} s", *kept->target_duration) : "not settled");
        }
        return code;
    }
};

}  // namespace

int run_command(const Command& command, const RelayConfig& config) {
    log::configure(log::Level::warn);  // standard output is the command's answer
    make_data_folder(config.data_dir);
    const SystemClock clock;
    const CommandContext context{config.data_dir, config.database_url, actor(), clock, std::cout, std::cerr};
    return std::visit(Run{config, context}, command);
}

}  // namespace tongke::relay
