// Who may see what at the relay (A09–A13, X04). Nothing here, and nothing
// anywhere in the relay, starts or stops playback (C10). Pure.
#pragma once
#include <string_view>

#include "relay/roster/roster.hpp"

namespace tongke::relay {

/// 班主任 and technicians work at their node, not here.
bool may_sign_in(auth::Role role);
bool may_see_rooms(auth::Role role);
bool may_see_streams(auth::Role role);
bool may_switch_source(auth::Role role);

/// County IT its county, a city and a province theirs, the others the whole country.
bool in_scope(const Account& account, std::string_view county);

}  // namespace tongke::relay
