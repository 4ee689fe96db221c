// RoomView, RoomSummary and RoomList of common/ui/api.ts, made from the bundle,
// the rights and what is measured. null = cannot be measured now, never 0.
#pragma once
#include <string>

#include "player/http/site.hpp"

namespace tongke::player {

/// For the person and place of `request`, who may read this room.
std::string room_view_json(Site& site, const http::Request& request, const Room& room);
/// The rooms this person may see, most urgent first.
std::string room_list_json(Site& site, const Who& who);
/// What the relay gets with each upload: an array of summaries.
std::string telemetry_rooms_json(const Bundle& bundle, const Classrooms& classrooms, const Clock& clock);
std::string telemetry_upstream_json(const MediaChannel& lesson, const Clock& clock);

}  // namespace tongke::player
