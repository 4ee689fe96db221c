#include "relay/api/session_book.hpp"

#include <algorithm>

#include "common/auth/digest.hpp"
#include "common/auth/random.hpp"
#include "common/store/migrations.hpp"

namespace tongke::relay {
namespace {

constexpr std::size_t kSessionsAnAccount = 20;
constexpr auto kUsedWritten = std::chrono::minutes{5};

const std::vector<store::Migration>& migrations() {
    static const std::vector<store::Migration> steps{{1,
                                                      {"CREATE TABLE sessions (token_hash TEXT PRIMARY KEY, "
                                                       "account TEXT NOT NULL, credential TEXT NOT NULL, "
                                                       "used_ms BIGINT NOT NULL)"}}};
    return steps;
}

/// Changes with the password and with the role, and a session must not outlive either.
std::string credential_of(const Account& account) {
    return auth::sha256_hex(std::string{auth::role_name(account.role)} + account.county + account.password);
}

}  // namespace

Result<void> SessionBook::load(WallTime now) {
    if (auto ok = store::migrate(db_, "sessions", migrations()); !ok) return ok;
    if (auto ok = db_.execute("DELETE FROM sessions WHERE used_ms < :oldest", {unix_ms(now - idle_)}); !ok)
        return ok.error();
    const auto rows = db_.query<std::string, std::string, std::string, std::int64_t>(
        "SELECT token_hash, account, credential, used_ms FROM sessions");
    if (!rows) return rows.error();
    for (const auto& [hash, account, credential, used] : *rows)
        sessions_[hash] = {account, credential, from_unix_ms(used), from_unix_ms(used)};
    return {};
}

void SessionBook::remove(Sessions::iterator session) {
    (void)db_.execute("DELETE FROM sessions WHERE token_hash = :hash", {session->first});
    sessions_.erase(session);
}

void SessionBook::make_room_for(const std::string& account) {
    const auto of_account = [&](const auto& entry) { return entry.second.account == account; };
    if (static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(), of_account)) <
        kSessionsAnAccount)
        return;
    auto oldest = sessions_.end();
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
        if (of_account(*it) && (oldest == sessions_.end() || it->second.used < oldest->second.used))
            oldest = it;
    }
    remove(oldest);
}

Result<std::string> SessionBook::open(const Account& account, WallTime now) {
    make_room_for(account.account);
    const auto token = auth::random_token();
    const auto hash = auth::sha256_hex(token);
    const Session session{account.account, credential_of(account), now, now};
    auto ok = db_.execute(
        "INSERT INTO sessions (token_hash, account, credential, used_ms) "
        "VALUES (:hash, :account, :credential, :used)",
        {hash, session.account, session.credential, unix_ms(now)});
    if (!ok) return ok.error();
    sessions_[hash] = session;
    return token;
}

const Account* SessionBook::account_of(std::string_view token, const Roster& roster, WallTime now) {
    if (token.empty() || token.size() > 128) return nullptr;
    const auto found = sessions_.find(auth::sha256_hex(token));
    if (found == sessions_.end()) return nullptr;
    auto& session = found->second;
    const auto* account = roster.account(session.account);
    if (now - session.used > idle_ || account == nullptr || !account->active ||
        credential_of(*account) != session.credential) {
        remove(found);
        return nullptr;
    }
    session.used = std::max(session.used, now);
    if (session.used - session.used_written >= kUsedWritten) {
        session.used_written = session.used;
        (void)db_.execute("UPDATE sessions SET used_ms = :used WHERE token_hash = :hash",
                          {unix_ms(session.used), found->first});
    }
    return account;
}

Result<void> SessionBook::close(std::string_view token) {
    const auto found = sessions_.find(auth::sha256_hex(token));
    if (found == sessions_.end()) return {};
    auto ok = db_.execute("DELETE FROM sessions WHERE token_hash = :hash", {found->first});
    sessions_.erase(found);
    if (!ok) return ok.error();
    return {};
}

void SessionBook::close_invalid(const Roster& roster) {
    for (auto it = sessions_.begin(); it != sessions_.end();) {
        const auto next = std::next(it);
        const auto* account = roster.account(it->second.account);
        if (account == nullptr || !account->active || credential_of(*account) != it->second.credential)
            remove(it);
        it = next;
    }
}

}  // namespace tongke::relay
