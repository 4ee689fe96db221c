#include "relay/fleet/room_json.hpp"

#include <boost/json.hpp>

#include "common/time/format.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

json::value value_of(const std::optional<double>& n) { return n ? json::value(*n) : json::value(nullptr); }
json::value value_of(const std::optional<WallTime>& t) {
    return t ? json::value(json::string(to_iso8601(*t))) : json::value(nullptr);
}

json::value stall_value(const std::optional<StallReport>& stall) {
    if (!stall) return nullptr;
    return json::object{{"begin", to_iso8601(stall->begin)},
                        {"end", value_of(stall->end)},
                        {"seconds", stall->seconds},
                        {"class", stall->cls},
                        {"hop", stall->hop},
                        {"share", value_of(stall->share)}};
}

json::object room_object(const RoomSummary& room) {
    json::array history;
    for (const auto& cell : room.buffer_history) history.push_back(value_of(cell));
    json::object o{{"id", room.id},
                   {"name", room.name},
                   {"county", json::object{{"code", room.county}, {"name", room.county_name}}},
                   {"site", room.site},
                   {"state", state_code(room.state)},
                   {"state_word", state_word(room.state)},
                   {"since", value_of(room.since)},
                   {"buffer_s", value_of(room.buffer_s)},
                   {"target_s", room.target_s},
                   {"buffer_history", std::move(history)},
                   {"minutes_since_start",
                    room.minutes_since_start ? json::value(*room.minutes_since_start) : json::value(nullptr)},
                   {"stalls", json::object{{"count", room.today.stalls}, {"seconds", room.today.stalled_s}}},
                   {"open_stall", stall_value(room.open_stall)},
                   {"last_stall", stall_value(room.last_stall)},
                   {"last_test", nullptr},
                   {"advice", room.advice},
                   {"contact", room.contact}};
    if (room.last_test)
        o["last_test"] =
            json::object{{"verdict", room.last_test->verdict}, {"at", to_iso8601(room.last_test->at)}};
    return o;
}

json::object event_object(const StoredEvent& stored) {
    const auto& e = stored.event;
    return {{"node", stored.node},
            {"boot", e.boot},
            {"seq", e.seq},
            {"room", e.room},
            {"type", e.type},
            {"begin", to_iso8601(e.begin)},
            {"end", value_of(e.end)},
            {"seconds", value_of(e.seconds)},
            {"class", e.cls.empty() ? json::value(nullptr) : json::value(json::string(e.cls))},
            {"hop", stored.hop()},
            {"share", value_of(e.share)},
            {"qoe_version", e.qoe_version}};
}

}  // namespace

std::string room_json(const RoomSummary& room) { return json::serialize(room_object(room)); }

std::string room_list_json(WallTime now, const std::string& sentence, const std::vector<RoomSummary>& rooms) {
    json::array list;
    for (const auto& room : rooms) list.push_back(room_object(room));
    return json::serialize(
        json::object{{"now", to_iso8601(now)}, {"sentence", sentence}, {"rooms", std::move(list)}});
}

std::string events_json(const RecordStore::Page& page) {
    json::array list;
    for (const auto& event : page.events) list.push_back(event_object(event));
    return json::serialize(json::object{{"events", std::move(list)}, {"next", page.next}});
}

std::string tests_json(const std::vector<StoredTest>& tests) {
    std::string out = "{\"tests\":[";
    for (const auto& stored : tests) {
        if (&stored != &tests.front()) out += ',';
        out += stored.test.json;
    }
    return out + "]}";
}

}  // namespace tongke::relay
