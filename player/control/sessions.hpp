// Logged-in people at the node: random cookies, kept as digests, on disk so
// that a restart asks nobody to log in again. A session ends by log-out or age;
// one that holds a lease does not age (TRAPS.md §6: idle log-out must never end
// a lesson). Pure: the owner writes to_json() to disk.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/time/clock.hpp"

namespace tongke::player {

struct Session {
    std::string id;  // digest of the cookie
    std::string account;
    WallTime created{};
};

class Sessions {
  public:
    static constexpr Milliseconds kLife = std::chrono::hours{24};
    static constexpr std::size_t kPerAccount = 16;

    /// The cookie's value, told once; the oldest session of an account with too many goes,
    /// unless `keeps` says it holds a lease.
    std::string open(const std::string& account, WallTime now,
                     const std::function<bool(const Session&)>& keeps);
    /// By the cookie's value.
    const Session* find(std::string_view cookie) const;
    /// Removes it; true when there was one.
    bool close(std::string_view cookie);
    /// Forgets those past their life that `keeps` does not want; true when any went.
    bool expire(WallTime now, const std::function<bool(const Session&)>& keeps);
    std::size_t size() const { return sessions_.size(); }

    std::string to_json() const;
    static Result<Sessions> from_json(std::string_view json);

  private:
    std::map<std::string, Session, std::less<>> sessions_;  // by id
};

}  // namespace tongke::player
