// What holds for every HTTP request and answer of the relay: plain HTTP only
// where it is allowed, security headers, and the embedded pages. Pure values.
#pragma once
#include <optional>

#include "common/http/message.hpp"
#include "common/http/router.hpp"

namespace tongke::relay {

/// CONTRACT.md §3 allow_plain: 403 `plain_refused` for plain requests from beyond loopback.
std::optional<http::Response> refuse_plain(const http::Request& request, bool allow_plain);

/// Content type sniffing off, framing off, HSTS under TLS.
void add_common_headers(const http::Request& request, http::Response& response);

/// The consoles: "/", its assets with ETag and 304.
void add_pages(http::Router& router);

}  // namespace tongke::relay
