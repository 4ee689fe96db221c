// What commands beside a running `serve` ask it for: a second listener on
// 127.0.0.1 with a port of its own and a secret, both in DATA_DIR/local.json
// (mode 0600), so only who may read the node's data may use it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "common/http/router.hpp"
#include "player/http/site.hpp"

namespace tongke::player {

struct LocalAccess {
    std::uint16_t port = 0;
    std::string secret;
};

std::string local_access_path(const std::string& data_dir);
std::string to_json(const LocalAccess& access);
std::optional<LocalAccess> load_local_access(const std::string& data_dir);

/// POST /local/v1/tests {room?, minutes}, GET /local/v1/tests/{room}/{id}.
void add_local_routes(http::Router& router, Site& site, std::string secret);

}  // namespace tongke::player
