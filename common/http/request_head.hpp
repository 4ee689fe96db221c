// From Beast's parsed head to our Request: strict target, lower-case names,
// the peer behind trusted proxies.
#pragma once
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <optional>

#include "common/http/message.hpp"
#include "common/net/ip_address.hpp"

namespace tongke::http {

/// Nothing when the target cannot be decoded or HTTP/1.1 lacks exactly one Host.
std::optional<Request> to_request(const boost::beast::http::request_header<>& head);

/// X-Forwarded-For and X-Forwarded-Proto, believed only when the socket's peer is trusted:
/// the rightmost address that is not itself a trusted proxy.
void apply_forwarding(Request& request, const std::vector<net::IpPrefix>& trusted);

}  // namespace tongke::http
