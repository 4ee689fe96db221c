// ISO 8601 in UTC with milliseconds, "2025-04-16T02:00:00.000Z": the one text
// form of a wall time in APIs, playlists and records. Parsing is for text from
// anywhere: bounded, no locale, no exceptions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/time/clock.hpp"

namespace tongke {

/// Always 24 characters for the years 0000–9999; times outside are clamped to them.
std::string to_iso8601(WallTime t);

/// Accepts YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM); digits beyond the third of
/// the fraction are dropped. Empty when the text is anything else or not a real date.
std::optional<WallTime> parse_iso8601(std::string_view text);

}  // namespace tongke
