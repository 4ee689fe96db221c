#include "relay/fleet/bundle.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>

#include "common/auth/jws.hpp"
#include "common/auth/play_token.hpp"
#include "common/time/format.hpp"
#include "relay/schedule/schedule_json.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

/// How long an ended slot stays in the bundle: its playback may run 30 min over, its test be asked about.
constexpr auto kKeepEndedSlot = std::chrono::hours{24};

json::array texts(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

json::array rooms_of(const Roster& roster, const std::string& county) {
    json::array rooms;
    for (const auto& [id, room] : roster.rooms) {
        if (!room.active || room.county != county) continue;
        const auto* teacher = roster.teacher_of(id);
        rooms.push_back(json::object{{"id", id},
                                     {"name", room.name},
                                     {"networks", texts(room.networks)},
                                     {"teacher", teacher == nullptr ? std::string{} : teacher->account},
                                     {"contact", room.contact}});
    }
    return rooms;
}

/// Only people of this county who have business at the node; the operator and the administrators never.
json::array accounts_of(const Roster& roster, const std::string& county) {
    std::vector<std::string> all_rooms;
    for (const auto& [id, room] : roster.rooms)
        if (room.active && room.county == county) all_rooms.push_back(id);
    json::array accounts;
    for (const auto& [name, account] : roster.accounts) {
        const bool county_it = account.role == auth::Role::county_it;
        const bool in_room = account.role == auth::Role::teacher || account.role == auth::Role::technician;
        if (!account.active || account.county != county || !(county_it || in_room)) continue;
        accounts.push_back(json::object{{"account", name},
                                        {"name", account.name},
                                        {"role", auth::role_name(account.role)},
                                        {"rooms", texts(county_it ? all_rooms : account.rooms)},
                                        {"password", account.password}});
    }
    return accounts;
}

std::vector<Slot> slots_of(const std::vector<Slot>& schedule, const std::string& county, WallTime now) {
    std::vector<Slot> out;
    for (const auto& slot : schedule) {
        if (slot.end + kKeepEndedSlot < now) continue;
        auto mine = slot;
        std::erase_if(mine.rooms, [&](const auto& room) { return room.substr(0, 6) != county; });
        if (mine.rooms.empty() && !slot.rooms.empty()) continue;
        out.push_back(std::move(mine));
    }
    return out;
}

}  // namespace

std::string bundle_content(const BundleConfig& config, const std::string& node, const std::string& county,
                           const Roster& roster, const std::vector<Slot>& schedule, WallTime now) {
    const auto* known = roster.county(county);
    const json::object head{
        {"node", node},
        {"county", json::object{{"code", county}, {"name", known == nullptr ? county : known->name}}},
        {"rooms", rooms_of(roster, county)},
        {"accounts", accounts_of(roster, county)},
        {"streams", json::object{{"lesson", config.lesson_stream}, {"test", config.test_stream}}},
        {"telemetry_window_s", std::chrono::duration<double>(config.telemetry_window).count()},
        {"help_phone", config.help_phone}};
    auto text = json::serialize(head);
    text = text.substr(1, text.size() - 2);
    return fmt::format("{},\"schedule\":{}", text, write_schedule(slots_of(schedule, county, now)));
}

std::string sign_bundle(const BundleConfig& config, const std::string& node, const std::string& content,
                        const BundleStamp& stamp, const auth::SigningKey& key) {
    json::object tokens;
    for (const auto& stream : {config.lesson_stream, config.test_stream})
        tokens[stream] = auth::make_play_token(key, {node, stream, stamp.valid_until, stamp.valid_until});
    const auto payload = fmt::format(
        R"({{"version":{},"issued":"{}","valid_until":"{}",{},"play_tokens":{}}})", stamp.version,
        to_iso8601(stamp.issued), to_iso8601(stamp.valid_until), content, json::serialize(tokens));
    return auth::sign_jws(key, payload, "tongke-bundle");
}

}  // namespace tongke::relay
