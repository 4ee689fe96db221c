// StreamInfo and SubscriberInfo as the API's JSON. Pure.
#pragma once
#include <string>

#include "relay/stream/stream_info.hpp"
#include "relay/stream/subscriber_info.hpp"

namespace tongke::relay {

std::string stream_json(const StreamInfo& info);
std::string subscribers_json(const std::vector<SubscriberInfo>& list);

}  // namespace tongke::relay
