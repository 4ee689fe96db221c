#include "common/auth/roles.hpp"

#include <array>

namespace tongke::auth {
namespace {

struct Names {
    Role role;
    std::string_view name, zh;
};
constexpr std::array<Names, 9> kNames{{
    {Role::teacher, "teacher", "班主任"},
    {Role::technician, "technician", "技术人员"},
    {Role::county_it, "county_it", "县级技术管理"},
    {Role::city, "city", "市级管理"},
    {Role::province, "province", "省级管理"},
    {Role::operator_, "operator", "平台运行值守"},
    {Role::system_admin, "system_admin", "系统管理员"},
    {Role::security_admin, "security_admin", "安全管理员"},
    {Role::audit_admin, "audit_admin", "审计管理员"},
}};
constexpr auto kRoles = [] {
    std::array<Role, kNames.size()> roles{};
    for (std::size_t i = 0; i < kNames.size(); ++i) roles[i] = kNames[i].role;
    return roles;
}();

const Names& names_of(Role role) { return kNames[static_cast<std::size_t>(role)]; }

}  // namespace

std::string_view role_name(Role role) { return names_of(role).name; }
std::string_view role_name_zh(Role role) { return names_of(role).zh; }
std::span<const Role> all_roles() { return kRoles; }

std::optional<Role> role_from(std::string_view name) {
    for (const auto& names : kNames)
        if (names.name == name) return names.role;
    return std::nullopt;
}

}  // namespace tongke::auth
