// The commands beside serve: each on the same data folder, with its own exit code.
#pragma once
#include "relay/app/command_line.hpp"
#include "relay/app/config.hpp"

namespace tongke::relay {

/// Every command but serve and check-config.
int run_command(const Command& command, const RelayConfig& config);

}  // namespace tongke::relay
