// StreamInfo as the API's JSON. Pure.
#pragma once
#include <string>

#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

std::string stream_json(const StreamInfo& info);

}  // namespace tongke::relay
