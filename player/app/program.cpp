#include "player/app/program.hpp"

#include <filesystem>
#include <iostream>

#include "common/config/edit.hpp"
#include "common/program/document.hpp"
#include "player/app/command_line.hpp"
#include "player/app/config.hpp"
#include "player/app/serve.hpp"
#include "player/link/enroll.hpp"
#include "player/link/files.hpp"
#include "player/qoe/replay.hpp"

namespace tongke::player {
namespace {

constexpr const char* kSystemFile = "/etc/tongke/player.toml";
constexpr std::size_t kLargestRecording = 1u << 30;

struct Loaded {
    config::Document document;
    PlayerConfig config;
};

Loaded load(const CommandLine& line) {
    auto document = program::open_document(program::config_file(line.config_file, kSystemFile), line.set);
    auto config = read_config(document);
    if (!line.data_dir.empty()) config.data_dir = line.data_dir;
    return {std::move(document), std::move(config)};
}

// Prints what is wrong; empty then.
std::optional<PlayerConfig> load_config(const CommandLine& line, std::ostream& err) {
    auto [document, config] = load(line);
    program::check_certificate(document.root().section("tls"), config.tls);
    if (!program::is_sound(document, err)) return std::nullopt;
    return config;
}

// A certificate that cannot be used leaves the rest of a reload as it is: the server says so and keeps the
// old one.
std::optional<PlayerConfig> reload_config(const CommandLine& line) {
    auto [document, config] = load(line);
    if (!program::is_sound(document)) return std::nullopt;
    return config;
}

/// CONTRACT.md §2: writes `[relay] url`; the rest of the file stays as it is. False, with a word of what to
/// do, where it cannot.
bool write_relay_url(const std::string& file, const std::string& url) {
    const auto text = read_whole(file, 1u << 20);
    const auto changed = text ? config::with_text(*text, "relay", "url", url) : std::nullopt;
    if (changed && *changed == *text) return true;
    const auto written = changed ? rewrite(file, *changed) : Result<void>{};
    if (changed && written) return true;
    std::cerr << file << ": could not be changed" << (written ? "" : ": " + written.error().message())
              << "; write it yourself:\n[relay]\nurl = \"" << url << "\"\n";
    return false;
}

int run_enroll(const CommandLine& line, const PlayerConfig& config, command::Enroll enroll) {
    while (enroll.relay.ends_with('/')) enroll.relay.pop_back();
    std::error_code error;
    if (std::filesystem::create_directories(config.data_dir, error))
        std::filesystem::permissions(config.data_dir, std::filesystem::perms::owner_all, error);
    if (!enrol({config.data_dir, enroll.relay, enroll.code, config.relay.ca}, std::cout, std::cerr))
        return kExitOther;
    const auto file = program::config_file(line.config_file, kSystemFile);
    if (file.empty() || write_relay_url(file, enroll.relay)) return kExitDone;
    // Where no relay is named, the node finds the one that enrolled it.
    return config.relay.url.empty() || config.relay.url == enroll.relay ? kExitDone : kExitOther;
}

int run_replay(const command::QoeReplay& command) {
    const auto recording = read_whole(command.file, kLargestRecording);
    if (!recording) {
        std::cerr << command.file << ": cannot be read\n";
        return kExitOther;
    }
    const auto events = qoe::replay(*recording);
    if (!events) {
        std::cerr << command.file << ':' << events.error().line << ": " << events.error().error.message()
                  << '\n';
        return kExitOther;
    }
    std::cout << *events;
    return kExitDone;
}

int run_command(const CommandLine& line, const PlayerConfig& config) {
    if (std::holds_alternative<command::CheckConfig>(line.command)) {
        std::cout << "the configuration is good\n";
        return kExitDone;
    }
    if (const auto* enroll = std::get_if<command::Enroll>(&line.command))
        return run_enroll(line, config, *enroll);
    if (const auto* replay = std::get_if<command::QoeReplay>(&line.command)) return run_replay(*replay);
    if (const auto* test = std::get_if<command::Test>(&line.command)) return run_live_test(config, *test);
    return serve(config, [&line] { return reload_config(line); });
}

}  // namespace

int run_program(int argc, const char* const* argv) {
    const auto parsed = parse_command_line(argc, argv, std::cout, std::cerr);
    if (const auto* ended = std::get_if<Ended>(&parsed)) return ended->exit_code;
    const auto& line = std::get<CommandLine>(parsed);
    const auto config = load_config(line, std::cerr);
    if (!config) return kExitConfiguration;
    try {
        return run_command(line, *config);
    } catch (const std::exception& e) {
        std::cerr << "tongke-player: " << e.what() << '\n';
        return kExitOther;
    }
}

}  // namespace tongke::player
