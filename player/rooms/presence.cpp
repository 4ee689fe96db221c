#include "player/rooms/presence.hpp"

namespace tongke::player {

bool at_venue(const Room& room, std::string_view peer, const std::vector<net::IpPrefix>& own) {
    const auto address = net::IpAddress::parse(peer);
    if (!address) return false;
    return net::contains(room.networks.empty() ? own : room.networks, *address);
}

bool is_phone(std::string_view sec_ch_ua_mobile, std::string_view user_agent) {
    if (sec_ch_ua_mobile == "?1") return true;
    for (const std::string_view token : {"Mobi", "Android", "iPhone", "iPad"})
        if (user_agent.find(token) != user_agent.npos) return true;
    return false;
}

}  // namespace tongke::player
