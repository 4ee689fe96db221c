#include "relay/roster/roster_store.hpp"

#include "common/auth/password.hpp"
#include "common/store/list_text.hpp"
#include "common/store/migrations.hpp"

namespace tongke::relay {
namespace {

const std::vector<store::Migration>& migrations() {
    static const std::vector<store::Migration> steps{
        {1,
         {"CREATE TABLE counties (code TEXT PRIMARY KEY, name TEXT NOT NULL)",
          "CREATE TABLE rooms (id TEXT PRIMARY KEY, county TEXT NOT NULL REFERENCES counties (code), "
          "name TEXT NOT NULL, networks TEXT NOT NULL, contact TEXT NOT NULL, active BIGINT NOT NULL)",
          "CREATE TABLE accounts (account TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, "
          "county TEXT NOT NULL, password TEXT NOT NULL, active BIGINT NOT NULL)",
          "CREATE TABLE account_rooms (account TEXT NOT NULL REFERENCES accounts (account), "
          "room TEXT NOT NULL REFERENCES rooms (id), role TEXT NOT NULL, PRIMARY KEY (account, room))",
          // C08: one 班主任 a room, and nobody holds two rooms.
          "CREATE UNIQUE INDEX one_teacher_a_room ON account_rooms (room) WHERE role = 'teacher'",
          "CREATE UNIQUE INDEX one_room_a_teacher ON account_rooms (account) WHERE role = 'teacher'"}}};
    return steps;
}

Result<void> done(const Result<std::int64_t>& outcome) {
    if (!outcome) return outcome.error();
    return {};
}

}  // namespace

Result<void> RosterStore::migrate() { return store::migrate(db_, "roster", migrations()); }

Result<Roster> RosterStore::load() {
    Roster roster;
    const auto counties = db_.query<std::string, std::string>("SELECT code, name FROM counties");
    const auto rooms =
        db_.query<std::string, std::string, std::string, std::string, std::string, std::int64_t>(
            "SELECT id, name, county, networks, contact, active FROM rooms");
    const auto accounts =
        db_.query<std::string, std::string, std::string, std::string, std::string, std::int64_t>(
            "SELECT account, name, role, county, password, active FROM accounts");
    const auto links =
        db_.query<std::string, std::string>("SELECT account, room FROM account_rooms ORDER BY room");
    if (!counties) return counties.error();
    if (!rooms) return rooms.error();
    if (!accounts) return accounts.error();
    if (!links) return links.error();
    for (const auto& [code, name] : *counties) roster.counties[code] = {code, name};
    for (const auto& [id, name, county, networks, contact, active] : *rooms)
        roster.rooms[id] = {id, name, county, store::split_list(networks), contact, active != 0};
    for (const auto& [account, name, role, county, password, active] : *accounts) {
        const auto known = auth::role_from(role);
        if (!known) continue;
        roster.accounts[account] = {account, name, *known, county, {}, password, active != 0};
    }
    for (const auto& [account, room] : *links) {
        const auto found = roster.accounts.find(account);
        if (found != roster.accounts.end()) found->second.rooms.push_back(room);
    }
    roster.index();
    return roster;
}

Result<void> RosterStore::write(const County& county) {
    return done(
        db_.execute("INSERT INTO counties (code, name) VALUES (:code, :name) "
                    "ON CONFLICT (code) DO UPDATE SET name = excluded.name",
                    {county.code, county.name}));
}

Result<void> RosterStore::write(const Room& room) {
    return done(
        db_.execute("INSERT INTO rooms (id, county, name, networks, contact, active) "
                    "VALUES (:id, :county, :name, :networks, :contact, :active) "
                    "ON CONFLICT (id) DO UPDATE SET county = excluded.county, name = excluded.name, "
                    "networks = excluded.networks, contact = excluded.contact, active = excluded.active",
                    {room.id, room.county, room.name, store::join_list(room.networks), room.contact,
                     room.active ? 1 : 0}));
}

Result<void> RosterStore::write(const Account& account) {
    return done(db_.execute(
        "INSERT INTO accounts (account, name, role, county, password, active) "
        "VALUES (:account, :name, :role, :county, :password, :active) "
        "ON CONFLICT (account) DO UPDATE SET name = excluded.name, role = excluded.role, county = "
        "excluded.county, "
        "active = excluded.active, "
        "password = CASE WHEN excluded.password = '' THEN accounts.password ELSE excluded.password END",
        {account.account, account.name, std::string{auth::role_name(account.role)}, account.county,
         account.password, account.active ? 1 : 0}));
}

Result<void> RosterStore::write_all(const std::vector<Account>& accounts) {
    // All give up their rooms first, so that two 班主任 may change places in one import.
    for (const auto& account : accounts) {
        if (auto ok = write(account); !ok) return ok;
        if (auto ok = db_.execute("DELETE FROM account_rooms WHERE account = :account", {account.account});
            !ok)
            return ok.error();
    }
    for (const auto& account : accounts) {
        if (!account.active) continue;
        for (const auto& room : account.rooms) {
            auto ok =
                db_.execute("INSERT INTO account_rooms (account, room, role) VALUES (:account, :room, :role)",
                            {account.account, room, std::string{auth::role_name(account.role)}});
            if (!ok) return ok.error();
        }
    }
    return {};
}

Result<void> RosterStore::apply(const ImportPlan& plan) {
    if (plan.changes.empty()) return {};
    auto accounts = plan.accounts;
    for (auto& account : accounts) {
        const auto first = plan.first_passwords.find(account.account);
        if (first != plan.first_passwords.end()) account.password = auth::hash_password(first->second);
    }
    return db_.transaction([&]() -> Result<void> {
        for (const auto& county : plan.counties)
            if (auto ok = write(county); !ok) return ok;
        for (const auto& room : plan.rooms)
            if (auto ok = write(room); !ok) return ok;
        if (auto ok = write_all(accounts); !ok) return ok;
        return store::note_change(db_, kRosterTopic);
    });
}

Result<void> RosterStore::save(const Account& account) {
    return db_.transaction([&]() -> Result<void> {
        if (auto ok = write_all({account}); !ok) return ok;
        return store::note_change(db_, kRosterTopic);
    });
}

}  // namespace tongke::relay
