// Log-in failures (CONTRACT.md §6): 5 lock (account, address) for 10 minutes,
// 20 lock the account for 10 minutes. Pure: the caller gives the time. Running
// sessions are never looked at here. Bounded memory. One owner, one thread.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "common/time/clock.hpp"

namespace tongke::auth {

struct LockoutRules {
    int pair_failures = 5;
    int account_failures = 20;
    Milliseconds lock = std::chrono::minutes{10};
    std::size_t max_entries = 100'000;
};

class Lockout {
  public:
    explicit Lockout(LockoutRules rules = {}) : rules_(rules) {}

    /// How long this log-in must wait; zero when it may be tried.
    Milliseconds locked_for(std::string_view account, std::string_view address, SteadyTime now) const;
    /// Count one wrong password; true when this one locked something (to be audited).
    bool failed(std::string_view account, std::string_view address, SteadyTime now);
    /// A right password ends the count of this (account, address).
    void succeeded(std::string_view account, std::string_view address);
    /// An administrator's unlock.
    void clear(std::string_view account);
    std::size_t entries() const { return failures_.size(); }

  private:
    struct Count {
        int failures = 0;
        SteadyTime last{};
        SteadyTime locked_until{};
    };
    using Key = std::pair<std::string, std::string>;  // address "" = the account as a whole

    bool count(Key key, int limit, SteadyTime now);
    void make_room(SteadyTime now);

    LockoutRules rules_;
    std::map<Key, Count> failures_;
};

}  // namespace tongke::auth
