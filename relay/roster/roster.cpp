#include "relay/roster/roster.hpp"

#include <algorithm>

namespace tongke::relay {
namespace {

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <class Map>
const typename Map::mapped_type* find(const Map& map, std::string_view key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

}  // namespace

const County* Roster::county(std::string_view code) const { return find(counties, code); }

const Room* Roster::room(std::string_view id) const {
    const auto* found = find(rooms, id);
    return found != nullptr && found->active ? found : nullptr;
}

const Account* Roster::account(std::string_view name) const { return find(accounts, name); }

const Account* Roster::teacher_of(std::string_view room) const {
    const auto* name = find(teachers, room);
    return name == nullptr ? nullptr : account(*name);
}

void Roster::index() {
    teachers.clear();
    for (const auto& [name, account] : accounts) {
        if (account.active && account.role == auth::Role::teacher && !account.rooms.empty())
            teachers[account.rooms.front()] = name;
    }
}

bool is_county_code(std::string_view text) { return text.size() == 6 && all_digits(text); }

bool is_room_id(std::string_view text) {
    return (text.size() == 9 || text.size() == 10) && text[6] == '-' && is_county_code(text.substr(0, 6)) &&
           all_digits(text.substr(7));
}

}  // namespace tongke::relay
