// Who is signed in at the relay. The browser holds a random token in a cookie;
// the database holds its digest, so that a restart signs nobody out and a copy
// of the database signs nobody in. Control thread.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "common/store/database.hpp"
#include "relay/roster/roster.hpp"

namespace tongke::relay {

class SessionBook {
  public:
    SessionBook(store::Database& database, Milliseconds idle) : db_(database), idle_(idle) {}

    Result<void> load(WallTime now);
    /// The new session's token for the cookie.
    Result<std::string> open(const Account& account, WallTime now);
    /// The account behind a cookie, or null; being used keeps a session alive.
    const Account* account_of(std::string_view token, const Roster& roster, WallTime now);
    Result<void> close(std::string_view token);
    /// Ends the sessions whose account is gone, inactive, has another role or another password.
    void close_invalid(const Roster& roster);
    std::size_t size() const { return sessions_.size(); }

  private:
    struct Session {
        std::string account, credential;
        WallTime used{}, used_written{};
    };
    using Sessions = std::map<std::string, Session, std::less<>>;  // by digest of the token
    void remove(Sessions::iterator session);
    void make_room_for(const std::string& account);

    store::Database& db_;
    Milliseconds idle_;
    Sessions sessions_;
};

}  // namespace tongke::relay
