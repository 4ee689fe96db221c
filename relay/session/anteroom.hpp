// The connections that neither publish nor play yet, in the order they came:
// when every place is taken the oldest of them goes, so that whoever connects
// and says nothing cannot keep a publisher out (TRAPS.md §2). Any thread; asked
// on accept, on grant and at a session's end, never for a frame.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace tongke::relay {

class Anteroom {
  public:
    struct Guest {
        std::uint64_t number = 0;  // rises with each accepted connection
        std::size_t worker = 0;
    };

    void enter(const Guest& guest) {
        const std::lock_guard lock(mutex_);
        guests_.emplace(guest.number, guest.worker);
    }
    /// It has a role now, or is gone. Also right for one that was taken.
    void leave(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        guests_.erase(number);
    }
    /// Nobody when every connection has a role.
    std::optional<Guest> take_oldest() {
        const std::lock_guard lock(mutex_);
        if (guests_.empty()) return std::nullopt;
        const auto [number, worker] = *guests_.begin();
        guests_.erase(guests_.begin());
        return Guest{number, worker};
    }

  private:
    std::mutex mutex_;
    std::map<std::uint64_t, std::size_t> guests_;
};

}  // namespace tongke::relay
