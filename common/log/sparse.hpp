// Lines for what anybody outside can cause at any rate (CONTRACT.md §9: one log
// line, no growth): the first of a kind at once, then at most one each ten
// seconds, which says how many were left out. Metrics count them all.
#pragma once
#include <map>
#include <mutex>
#include <optional>

#include "common/log/log.hpp"
#include "common/time/clock.hpp"

namespace tongke::log {

/// `kind`: from a small set. Any thread.
void sparse(Level level, std::string_view component, std::string_view kind, std::string_view message);

/// Which lines are written. Any thread.
class Sparse {
  public:
    /// How many of this kind were left out since the last that was written; none: leave this one out.
    std::optional<std::uint64_t> admit(const std::string& kind, SteadyTime now);

  private:
    struct Kind {
        SteadyTime written{};
        std::uint64_t left_out = 0;
    };
    std::mutex mutex_;
    std::map<std::string, Kind> kinds_;
};

}  // namespace tongke::log
