#include "relay/api/access.hpp"

namespace tongke::relay {

using auth::Role;

bool may_sign_in(Role role) { return role != Role::teacher && role != Role::technician; }

bool may_see_rooms(Role role) {
    return role == Role::county_it || role == Role::city || role == Role::province ||
           role == Role::operator_ || role == Role::system_admin;
}

bool may_see_streams(Role role) { return role == Role::operator_ || role == Role::system_admin; }

bool may_switch_source(Role role) { return role == Role::operator_; }

bool in_scope(const Account& account, std::string_view county) {
    switch (account.role) {
        case Role::county_it: return account.county.size() == 6 && county == account.county;
        // The first four digits of a county's code are its city, the first two its province (GB/T 2260).
        case Role::city:
            return account.county.size() >= 4 && county.substr(0, 4) == account.county.substr(0, 4);
        case Role::province:
            return account.county.size() >= 2 && county.substr(0, 2) == account.county.substr(0, 2);
        case Role::operator_:
        case Role::system_admin: return true;
        default: return false;
    }
}

}  // namespace tongke::relay
