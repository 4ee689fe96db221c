// link: relay_roster
// A roster file of any bytes: errors in words, or a plan that can be exported and imported again unchanged.
#include <cstdlib>

#include "relay/roster/roster_import.hpp"
#include "relay/roster/text_encoding.hpp"

using namespace tongke::relay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = decode_text({reinterpret_cast<const char*>(data), size});
    if (!std::holds_alternative<DecodedText>(text)) return 0;
    const auto plan = plan_import(std::get<DecodedText>(text).utf8, {}, {});
    if (!plan.errors.empty() && !plan.changes.empty()) std::abort();
    if (!plan.errors.empty()) return 0;
    Roster roster;
    for (const auto& county : plan.counties) roster.counties[county.code] = county;
    for (const auto& room : plan.rooms) roster.rooms[room.id] = room;
    for (auto account : plan.accounts) {
        account.password = "scrypt$";
        roster.accounts[account.account] = account;
    }
    roster.index();
    const auto again = std::get<DecodedText>(decode_text(export_csv(roster, {})));
    if (!plan_import(again.utf8, {}, roster).changes.empty()) std::abort();
    return 0;
}
