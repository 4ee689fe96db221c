// `serve` and `test`: the commands that need a whole node, or talk to one.
#pragma once
#include <functional>
#include <optional>

#include "player/app/command_line.hpp"
#include "player/app/config.hpp"

namespace tongke::player {

/// Runs until SIGTERM or SIGINT; `reread` gives the configuration anew at SIGHUP (empty: it has problems).
int serve(const PlayerConfig& config, const std::function<std::optional<PlayerConfig>()>& reread);

/// Asks the node that serves from the same data folder to run a live test; prints the record.
int run_live_test(const PlayerConfig& config, const command::Test& test);

}  // namespace tongke::player
