// Who and what exists: counties, their classrooms, and the people (C03, C06,
// C08). A Roster is a snapshot taken from the database, immutable once loaded;
// the control thread replaces it as a whole when something changed.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/roles.hpp"

namespace tongke::relay {

struct County {
    std::string code;  // "510113"
    std::string name;
    friend bool operator==(const County&, const County&) = default;
};

struct Room {
    std::string id;  // "510113-02"
    std::string name;
    std::string county;                 // code
    std::vector<std::string> networks;  // CIDR; empty: the node's own interfaces
    std::string contact;                // whom to ring, a name
    bool active = true;
    friend bool operator==(const Room&, const Room&) = default;
};

struct Account {
    std::string account;
    std::string name;
    auth::Role role = auth::Role::teacher;
    std::string county;  // code; its first 4 (city) or 2 (province) digits; "" for the whole country
    std::vector<std::string> rooms;  // a 班主任 has exactly one (C08), a technician one or more, others none
    std::string password;            // scrypt$…, never the password itself
    bool active = true;
    friend bool operator==(const Account&, const Account&) = default;
};

struct Roster {
    std::map<std::string, County, std::less<>> counties;  // by code
    std::map<std::string, Room, std::less<>> rooms;       // by id, inactive ones too
    std::map<std::string, Account, std::less<>> accounts;
    std::map<std::string, std::string, std::less<>> teachers;  // room → its active 班主任; see index()

    /// Call it after filling the maps.
    void index();
    const County* county(std::string_view code) const;
    const Room* room(std::string_view id) const;  // active only
    const Account* account(std::string_view name) const;
    /// The active 班主任 of a room, or null.
    const Account* teacher_of(std::string_view room) const;
};

bool is_county_code(std::string_view text);  // six digits
bool is_room_id(std::string_view text);      // county code, '-', two or three digits

}  // namespace tongke::relay
