#include "relay/app/command_line.hpp"

#include <sstream>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

struct Parsed {
    std::variant<CommandLine, Ended> result;
    std::string out, err;

    const CommandLine& line() const { return std::get<CommandLine>(result); }
    int code() const { return std::get<Ended>(result).exit_code; }
    template <class T>
    const T& command() const {
        return std::get<T>(line().command);
    }
};

Parsed parse(std::vector<const char*> words) {
    words.insert(words.begin(), "tongke-relay");
    std::ostringstream out, err;
    auto result = parse_command_line(static_cast<int>(words.size()), words.data(), out, err);
    return {std::move(result), out.str(), err.str()};
}

}  // namespace

TEST_CASE("without a command the relay serves") {
    const auto p = parse({"--config", "r.toml", "--set", "log.level=debug", "--set", "rtmp.listen="});
    CHECK(std::holds_alternative<command::Serve>(p.line().command));
    CHECK(p.line().config_file == "r.toml");
    CHECK(p.line().set == std::vector<std::string>{"log.level=debug", "rtmp.listen="});
}

TEST_CASE("common options may stand before or after the command") {
    CHECK(parse({"serve", "--data-dir", "d"}).line().data_dir == "d");
    const auto p =
        parse({"--data-dir", "d", "token", "play", "--stream", "main", "--config", "c", "--node", "n"});
    CHECK(p.line().data_dir == "d");
    CHECK(p.line().config_file == "c");
    CHECK(p.command<command::TokenPlay>().stream == "main");
}

TEST_CASE("a play token lives eight hours unless told") {
    CHECK(parse({"token", "play", "--stream", "main", "--node", "n"}).command<command::TokenPlay>().ttl ==
          std::chrono::hours{8});
    CHECK(parse({"token", "play", "--stream", "main", "--node", "n", "--ttl", "30m"})
              .command<command::TokenPlay>()
              .ttl == std::chrono::minutes{30});
}

TEST_CASE("every command is understood") {
    const auto import =
        parse({"roster", "import", "附件2.csv", "--dry-run"}).command<command::RosterImport>();
    CHECK(import.file == "附件2.csv");
    CHECK(import.dry_run);
    parse({"roster", "export"}).command<command::RosterExport>();
    CHECK(parse({"schedule", "import", "s.json"}).command<command::ScheduleImport>().file == "s.json");
    CHECK(parse({"node", "invite", "--county", "510113"}).command<command::NodeInvite>().county == "510113");
    parse({"audit", "verify"}).command<command::AuditVerify>();
    parse({"stream", "state"}).command<command::StreamState>();
    parse({"check-config"}).command<command::CheckConfig>();
    const auto set = parse({"account", "set", "--account", "a", "--role", "operator", "--name", "值班员"})
                         .command<command::AccountSet>();
    CHECK(set.role == "operator");
    CHECK(set.name == "值班员");
}

TEST_CASE("what is wrong on the command line ends with 64 and a word about it") {
    const auto wrong = GENERATE(values<std::vector<const char*>>(
        {{"bogus"},
         {"--bogus"},
         {"token"},
         {"token", "play"},
         {"token", "play", "--stream", "main", "--node", "n", "--ttl", "soon"},
         {"token", "play", "--stream", "main", "--node", "n", "--ttl", "0"},
         {"roster", "import"},
         {"node", "invite"},
         {"account", "set", "--account", "a"},
         {"serve", "audit", "verify"},
         {"--config"}}));
    const auto p = parse(wrong);
    CHECK(p.code() == kExitUsage);
    CHECK_FALSE(p.err.empty());
    CHECK(p.out.empty());
}

TEST_CASE("help and version are answers, not errors") {
    for (const auto* word : {"--help", "--version"}) {
        const auto p = parse({word});
        CHECK(p.code() == kExitDone);
        CHECK(p.err.empty());
        CHECK(p.out.find("tongke-relay") != std::string::npos);
    }
    CHECK(parse({"token", "play", "--help"}).out.find("--ttl") != std::string::npos);
}
