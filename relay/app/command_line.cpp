#include "relay/app/command_line.hpp"

#include <CLI/CLI.hpp>

#include "common/config/values.hpp"

namespace tongke::relay {
namespace {

constexpr const char* kVersion = "tongke-relay 0.1.0";

std::string check_ttl(const std::string& text) {
    const auto ttl = config::parse_duration(text);
    const bool good = ttl && *ttl > Milliseconds{0} && *ttl <= std::chrono::hours{24 * 400};
    return good ? std::string{} : "must be a time like 30m, 8h or 7d, at most 400d";
}

// Each command is chosen by its callback; CLI11 calls it once the line is whole.
class Parser {
  public:
    Parser() {
        app_.set_version_flag("--version", std::string(kVersion));
        app_.add_option("--config", line_.config_file, "configuration file (TOML)")->type_name("FILE");
        app_.add_option("--data-dir", line_.data_dir, "overrides data_dir")->type_name("DIR");
        app_.add_option("--set", line_.set, "overrides one key, e.g. --set log.level=debug")
            ->type_name("SECTION.KEY=VALUE")
            ->allow_extra_args(false);
        app_.require_subcommand(0, 1);
        leaf(app_, "serve", "run (the default)", command::Serve{});
        leaf(app_, "check-config", "print every problem of the configuration", command::CheckConfig{});
        add_token();
        add_roster();
        add_people();
        auto& audit = group("audit", "the audit trail");
        leaf(audit, "verify", "walk the hash chain: exit 0 whole, 1 broken", command::AuditVerify{});
        auto& stream = group("stream", "the streams of this relay");
        leaf(stream, "state", "what is kept on disk for each stream", command::StreamState{});
    }

    std::variant<CommandLine, Ended> parse(int argc, const char* const* argv, std::ostream& out,
                                           std::ostream& err) {
        try {
            app_.parse(argc, argv);
            return std::move(line_);
        } catch (const CLI::ParseError& e) {
            const int code = app_.exit(e, out, err);
            return Ended{code == 0 ? kExitDone : kExitUsage};
        }
    }

  private:
    CLI::App& group(const std::string& name, const std::string& what) {
        auto& app = *app_.add_subcommand(name, what);
        app.fallthrough();
        app.require_subcommand(1);
        return app;
    }

    template <class T>
    void leaf(CLI::App& parent, const std::string& name, const std::string& what, T initial) {
        auto& app = *parent.add_subcommand(name, what);
        app.fallthrough();
        app.callback([this, initial] { line_.command = initial; });
    }

    // Options write straight into the command, which therefore is made beforehand.
    template <class T>
    T& kept() {
        auto value = std::make_shared<T>();
        held_.push_back(value);
        return *value;
    }
    template <class T>
    CLI::App& leaf_with(CLI::App& parent, const std::string& name, const std::string& what, T& value) {
        auto& app = *parent.add_subcommand(name, what);
        app.fallthrough();
        app.callback([this, &value] { line_.command = value; });
        return app;
    }

    void add_token() {
        auto& token = group("token", "tokens for scripts and tests");
        auto& value = kept<command::TokenPlay>();
        auto& play = leaf_with(token, "play", "print a play token", value);
        play.add_option("--stream", value.stream, "stream it opens")->required();
        play.add_option("--node", value.node, "who uses it")->required();
        play.add_option_function<std::string>(
                "--ttl", [&value](const std::string& text) { value.ttl = *config::parse_duration(text); },
                "how long it is good (8h)")
            ->check(check_ttl);
    }

    void add_roster() {
        auto& roster = group("roster", "classrooms and their people (附件2)");
        auto& value = kept<command::RosterImport>();
        auto& import = leaf_with(roster, "import", "read CSV; tells 新增/修改/停用 and errors by row", value);
        import.add_option("FILE", value.file)->required();
        import.add_flag("--dry-run", value.dry_run, "only tell");
        leaf(roster, "export", "write CSV to standard output", command::RosterExport{});
        auto& schedule = group("schedule", "lessons and debug windows");
        auto& file = kept<command::ScheduleImport>();
        leaf_with(schedule, "import", "replace the schedule by FILE.json", file)
            .add_option("FILE", file.file)
            ->required();
    }

    void add_people() {
        auto& node = group("node", "county nodes");
        auto& invite = kept<command::NodeInvite>();
        leaf_with(node, "invite", "print a one-time enrolment code", invite)
            .add_option("--county", invite.county, "county code, e.g. 510113")
            ->required();
        auto& account = group("account", "accounts of the consoles");
        auto& value = kept<command::AccountSet>();
        auto& set =
            leaf_with(account, "set", "make or change one; its password comes on standard input", value);
        set.add_option("--account", value.account)->required();
        set.add_option("--role", value.role)->required();
        set.add_option("--name", value.name, "of the person")->required();
        set.add_option("--county", value.county);
        set.add_option("--room", value.room);
    }

    CLI::App app_{"Tongke relay: takes the main classroom's stream and serves it to county nodes",
                  "tongke-relay"};
    CommandLine line_;
    std::vector<std::shared_ptr<void>> held_;
};

}  // namespace

std::variant<CommandLine, Ended> parse_command_line(int argc, const char* const* argv, std::ostream& out,
                                                    std::ostream& err) {
    return Parser{}.parse(argc, argv, out, err);
}

}  // namespace tongke::relay
