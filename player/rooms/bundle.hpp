// The county bundle: everything that lets this node's classrooms play without
// asking (DESIGN.md §2.4). Signed by the relay, checked here with the key pinned
// at enrolment, then an immutable value shared by whoever decides. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/key.hpp"
#include "common/auth/roles.hpp"
#include "common/base/result.hpp"
#include "common/net/ip_address.hpp"
#include "common/time/clock.hpp"

namespace tongke::player {

enum class BundleError {
    not_json = 1,
    missing_member,
    wrong_type,
    unknown_word,
    bad_network,
    bad_time,
    twice,       // one id names two rooms, accounts or slots
    other_node,  // made for another node
    older,       // a lower version than the one in force
};
const boost::system::error_category& bundle_category();
inline Error make_error_code(BundleError e) { return {static_cast<int>(e), bundle_category()}; }

enum class SlotKind { lesson, debug, break_, discussion };
std::string_view slot_kind_name(SlotKind kind);  // as in the API

struct Slot {
    std::string id;
    SlotKind kind = SlotKind::lesson;
    std::string title;
    WallTime begin{}, end{};
    std::vector<std::string> rooms;  // empty: all rooms of the county

    bool covers(WallTime t) const { return begin <= t && t < end; }
    bool concerns(std::string_view room) const;
};

struct Account {
    std::string account, name;
    auth::Role role = auth::Role::technician;
    std::vector<std::string> rooms;
    std::string password;  // scrypt$…
};

struct Room {
    std::string id, name;
    std::vector<net::IpPrefix> networks;  // empty: the node's own prefixes
    std::string teacher;                  // account of its 班主任, "" while there is none (C08)
    std::string contact;
};

struct Bundle {
    std::int64_t version = 0;
    WallTime issued{}, valid_until{};
    std::string node;
    std::string county_code, county_name;
    std::map<std::string, Room, std::less<>> rooms;
    std::map<std::string, Account, std::less<>> accounts;
    std::vector<Slot> schedule;  // by begin
    std::string lesson_stream = "main", test_stream = "test";
    std::map<std::string, std::string, std::less<>> play_tokens;  // by stream
    double telemetry_window_s = 5;
    std::string help_phone;

    const Room* room(std::string_view id) const;
    const Account* account(std::string_view name) const;
    /// "" when the bundle has none.
    std::string play_token(std::string_view stream) const;
};
using SharedBundle = std::shared_ptr<const Bundle>;

/// The payload's JSON; unknown members are left alone, so that a newer relay can say more.
Result<Bundle> parse_bundle(std::string_view json);

/// Signature, then content, then node and version: nothing of a foreign bundle is looked at before it is
/// ours.
Result<Bundle> verify_bundle(std::string_view jws, const auth::VerifyKey& relay_key, std::string_view node,
                             std::int64_t version_in_force);

}  // namespace tongke::player

template <>
struct boost::system::is_error_code_enum<tongke::player::BundleError> : std::true_type {};
