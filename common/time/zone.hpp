// Calendar time in a place (the lessons': Asia/Shanghai), from the system's
// time zone data. Pure functions of the instant; any thread.
#pragma once
#include <string>
#include <string_view>

#include "common/time/clock.hpp"

namespace tongke {

inline constexpr std::string_view kShanghai = "Asia/Shanghai";

struct LocalTime {
    int year = 1970;
    unsigned month = 1, day = 1;  // 1-based
    int hour = 0, minute = 0, second = 0, millisecond = 0;
    unsigned weekday = 0;  // 0 = Sunday

    friend bool operator==(const LocalTime&, const LocalTime&) = default;
};

/// Throws std::runtime_error when the zone is unknown to this machine (a start-up fault).
LocalTime to_local(WallTime t, std::string_view zone = kShanghai);

/// The first instant with this local time; weekday is ignored, fields out of range roll over.
WallTime from_local(const LocalTime& local, std::string_view zone = kShanghai);

std::string local_date(WallTime t, std::string_view zone = kShanghai);    // "2025-04-16"
std::string local_minute(WallTime t, std::string_view zone = kShanghai);  // "2025-04-16 10:00"

/// CONTRACT.md §6: half-days are before and after 12:30, e.g. "2025-04-17 am".
std::string half_day(WallTime t, Milliseconds noon = Milliseconds{(12 * 60 + 30) * 60'000},
                     std::string_view zone = kShanghai);

}  // namespace tongke
