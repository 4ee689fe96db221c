#include "relay/app/program.hpp"

#include <iostream>

#include "common/program/document.hpp"
#include "relay/app/command_line.hpp"
#include "relay/app/run_command.hpp"
#include "relay/app/serve.hpp"

namespace tongke::relay {
namespace {

constexpr const char* kSystemFile = "/etc/tongke/relay.toml";

// At a reload a certificate that cannot be used is no reason to leave the rest as it was: the server says so.
std::optional<RelayConfig> reload_config(const CommandLine& line) {
    auto document = program::open_document(program::config_file(line.config_file, kSystemFile), line.set);
    auto out = read_config(document);
    if (!program::is_sound(document)) return std::nullopt;
    return out;
}

// Prints what is wrong; empty then.
std::optional<RelayConfig> load_config(const CommandLine& line, std::ostream& err) {
    auto document = program::open_document(program::config_file(line.config_file, kSystemFile), line.set);
    auto out = read_config(document);
    if (!line.data_dir.empty()) out.data_dir = line.data_dir;
    program::check_certificate(document.root().section("tls"), out.tls);
    if (!program::is_sound(document, err)) return std::nullopt;
    return out;
}

}  // namespace

int run_program(int argc, const char* const* argv) {
    const auto parsed = parse_command_line(argc, argv, std::cout, std::cerr);
    if (const auto* ended = std::get_if<Ended>(&parsed)) return ended->exit_code;
    const auto& line = std::get<CommandLine>(parsed);
    const auto config = load_config(line, std::cerr);
    if (!config) return kExitConfiguration;
    try {
        if (std::holds_alternative<command::CheckConfig>(line.command)) {
            std::cout << "the configuration is good\n";
            return kExitDone;
        }
        if (std::holds_alternative<command::Serve>(line.command))
            return serve(*config, [&line] { return reload_config(line); });
        return run_command(line.command, *config);
    } catch (const std::exception& e) {
        std::cerr << "tongke-relay: " << e.what() << '\n';
        return kExitOther;
    }
}

}  // namespace tongke::relay
