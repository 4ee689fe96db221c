// The API's JSON of rooms, events and tests, exactly as common/ui/api.ts. Pure.
#pragma once
#include <string>
#include <vector>

#include "relay/fleet/record_store.hpp"
#include "relay/fleet/room_board.hpp"

namespace tongke::relay {

std::string room_json(const RoomSummary& room);
/// RoomList: {now, sentence, rooms}.
std::string room_list_json(WallTime now, const std::string& sentence, const std::vector<RoomSummary>& rooms);
/// {events, next}
std::string events_json(const RecordStore::Page& page);
/// {tests}
std::string tests_json(const std::vector<StoredTest>& tests);

}  // namespace tongke::relay
