// Who may use the site at all (CONTRACT.md §3): with [tls] everybody over HTTPS,
// plain HTTP redirects; without it private addresses only. And the headers that
// every answer carries.
#pragma once
#include "common/http/server.hpp"
#include "player/app/node.hpp"

namespace tongke::player {

http::ServerOptions web_policy(const NodeOptions& options);

}  // namespace tongke::player
