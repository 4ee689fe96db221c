// Where a request comes from: the classroom's venue (CIDR) and kind of device
// (C11, CONTRACT.md §6). Pure, over the request's peer and headers.
#pragma once
#include <string_view>
#include <vector>

#include "common/net/ip_address.hpp"
#include "player/rooms/bundle.hpp"

namespace tongke::player {

/// `peer` already honours trusted proxies; `own` are loopback and the node's own interfaces' prefixes,
/// which count when the room names no network.
bool at_venue(const Room& room, std::string_view peer, const std::vector<net::IpPrefix>& own);

/// Best effort, as documented: Sec-CH-UA-Mobile ?1, or Mobi, Android, iPhone, iPad in the user agent.
bool is_phone(std::string_view sec_ch_ua_mobile, std::string_view user_agent);

}  // namespace tongke::player
