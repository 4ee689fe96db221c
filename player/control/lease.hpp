// Who plays in a room: the lease its 班主任 takes with 开始播放 (CONTRACT.md §6).
// LeaseBook is pure: it decides and remembers, its owner keeps to_json() on
// disk, a start's before anybody is told. A lease outlives reloads, log-outs,
// closed pages and restarts; stop and slot end + 30 min end it. Fencing numbers
// only rise.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/time/clock.hpp"

namespace tongke::player {

/// A lease taken outside every lesson slot ends by itself after this long.
inline constexpr Milliseconds kOutOfSlotLimit = std::chrono::hours{6};

struct Lease {
    std::string room, account, name;
    std::string session;    // id of the session that holds it (a digest, never the cookie)
    std::string take_over;  // what another PC of the same 班主任 sends back
    std::int64_t fencing = 0;
    WallTime started{};
    std::optional<WallTime> slot_end;  // none: started outside the schedule
    std::string reason;                // given then
    WallTime ends() const;
};

struct Ended {
    WallTime at{};
    std::string why;  // "stop", "slot_over"
};

class LeaseBook {
  public:
    const Lease* active(std::string_view room) const;
    const std::map<std::string, Lease, std::less<>>& all() const { return active_; }
    /// How the room's last lease ended, if it has none now.
    const Ended* last_end(std::string_view room) const;

    /// Takes (or takes over) the room's lease. The fencing number is given by the book.
    const Lease& take(Lease lease);
    std::optional<Lease> stop(std::string_view room, WallTime now, std::string why = "stop");
    /// The room is as it was in `before`, without a lease unless `playing`. Other rooms and the numbers stay.
    void undo(const std::string& room, const LeaseBook& before, bool playing);
    /// A lesson slot covers now: the lease is the slot's until its end.
    /// True when something changed that must go to disk.
    bool follow_slot(std::string_view room, WallTime slot_end);
    /// The rooms whose lease is over by now.
    std::vector<std::string> due(WallTime now) const;

    std::string to_json() const;
    static Result<LeaseBook> from_json(std::string_view json);

  private:
    std::map<std::string, Lease, std::less<>> active_;
    std::map<std::string, Ended, std::less<>> ended_;
    std::int64_t next_fencing_ = 1;
};

}  // namespace tongke::player
