#include "player/app/serve.hpp"

#include <iostream>

#include "common/program/file_limit.hpp"
#include "player/app/node.hpp"
#include "player/app/test_command.hpp"

namespace tongke::player {
namespace {

NodeOptions options_of(const PlayerConfig& config) {
    NodeOptions options;
    options.data_dir = config.data_dir;
    options.relay_url = config.relay.url;
    options.relay_ca = config.relay.ca;
    options.listen = config.http.listen.to_string();
    if (config.tls.enabled()) options.tls_listen = config.http.tls_listen.to_string();
    options.trusted_proxies = config.http.proxies();
    options.tls = {config.tls.certificate, config.tls.private_key};
    options.upstreams = config.upstreams;
    options.latency_seconds = config.latency_seconds;
    return options;
}

}  // namespace

int serve(const PlayerConfig& config, const std::function<std::optional<PlayerConfig>()>& reread) {
    log::configure(config.log.level_value(), config.log.file);
    program::raise_file_limit();
    auto options = options_of(config);
    options.on_reload = [&reread] {
        if (const auto fresh = reread())
            log::reconfigure(fresh->log.level_value(), fresh->log.file);
        else
            log::error("app", "reload: the configuration has problems, nothing was changed");
    };
    Node(std::move(options)).run();
    return kExitDone;
}

int run_live_test(const PlayerConfig& config, const command::Test& test) {
    return run_test({config.data_dir, test.room, test.minutes, test.json}, std::cout, std::cerr);
}

}  // namespace tongke::player
