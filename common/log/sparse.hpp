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

std::optional<std::uint64_t> admit_line(Level level, std::string_view component, std::string_view kind);
void write_line(Level level, std::string_view component, std::string message, std::uint64_t left_out);

/// `kind`: from a small set. Any thread; a line that is left out is not put together.
template <class... Args>
void sparse(Level level, std::string_view component, std::string_view kind,
            fmt::format_string<Args...> format, Args&&... args) {
    if (const auto left_out = admit_line(level, component, kind))
        write_line(level, component, fmt::format(format, std::forward<Args>(args)...), *left_out);
}

}  // namespace tongke::log
