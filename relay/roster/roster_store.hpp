// The roster in the database. Control thread (or a command's own process);
// every write is one transaction and tells the others through the change counter.
#pragma once
#include "common/store/database.hpp"
#include "relay/roster/roster.hpp"
#include "relay/roster/roster_import.hpp"

namespace tongke::relay {

inline constexpr std::string_view kRosterTopic = "roster";  // of store::change_count

class RosterStore {
  public:
    explicit RosterStore(store::Database& database) : db_(database) {}

    Result<void> migrate();
    Result<Roster> load();

    /// Writes a plan without errors; hashes the first passwords (tens of ms each) before it begins.
    Result<void> apply(const ImportPlan& plan);
    /// Makes or replaces one account; an empty password keeps the stored one.
    /// Errc::constraint when its room already has another 班主任 (C08).
    Result<void> save(const Account& account);

  private:
    Result<void> write(const County& county);
    Result<void> write(const Room& room);
    Result<void> write(const Account& account);
    Result<void> write_all(const std::vector<Account>& accounts);

    store::Database& db_;
};

}  // namespace tongke::relay
