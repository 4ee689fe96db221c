#include "relay/app/program.hpp"

#include <iostream>

#include "common/program/document.hpp"
#include "relay/app/command_line.hpp"
#include "relay/app/run_command.hpp"
#include "relay/app/serve.hpp"

namespace tongke::relay {
namespace {

constexpr const char* kSystemFile = "/etc/tongke/relay.toml";

struct Loaded {
    config::Document document;
    RelayConfig config;
};

Loaded load(const CommandLine& line) {
    auto document = program::open_document(program::config_file(line.config_file, kSystemFile), line.set);
    auto config = read_config(document);
    if (!line.data_dir.empty()) config.data_dir = line.data_dir;
    return {std::move(document), std::move(config)};
}

// Prints what is wrong; empty then.
std::optional<RelayConfig> load_config(const CommandLine& line, std::ostream& err) {
    auto [document, config] = load(line);
    program::check_certificate(document.root().section("tls"), config.tls);
    if (!program::is_sound(document, err)) return std::nullopt;
    return config;
}

// A certificate that cannot be used leaves the rest of a reload as it is: the server says so and keeps the
// old one.
std::optional<RelayConfig> reload_config(const CommandLine& line) {
    auto [document, config] = load(line);
    if (!program::is_sound(document)) return std::nullopt;
    return config;
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
