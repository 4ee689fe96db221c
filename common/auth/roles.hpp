// Who exists (REQUIREMENTS C10, A09–A13). Only the 班主任 starts and stops
// playback: there is one function that says so and none that changes it.
#pragma once
#include <optional>
#include <span>
#include <string_view>

namespace tongke::auth {

enum class Role {
    teacher,
    technician,
    county_it,
    city,
    province,
    operator_,
    system_admin,
    security_admin,
    audit_admin
};

std::string_view role_name(Role role);     // "county_it": as in the API
std::string_view role_name_zh(Role role);  // 「县级技术人员」
std::optional<Role> role_from(std::string_view name);
std::span<const Role> all_roles();

/// C10: 「只有班主任有播放直播课程操作权限」
constexpr bool may_control_playback(Role role) { return role == Role::teacher; }
/// C16, QOE.md: the test channel is for the room's 班主任 and technician.
constexpr bool may_run_live_test(Role role) { return role == Role::teacher || role == Role::technician; }

}  // namespace tongke::auth
