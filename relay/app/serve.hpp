// `tongke-relay serve`: runs until SIGTERM or SIGINT, reloads at SIGHUP.
#pragma once
#include <functional>
#include <optional>

#include "relay/app/config.hpp"

namespace tongke::relay {

/// `reread`: the configuration as it is now; empty when it has problems (already printed).
int serve(const RelayConfig& config, const std::function<std::optional<RelayConfig>()>& reread);

}  // namespace tongke::relay
