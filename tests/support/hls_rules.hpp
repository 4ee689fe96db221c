// The rules a live media playlist must keep, each with its section of
// RFC 8216bis (or of the project's own contract), checked on the text alone and
// against the playlist seen before it. Independent of the writer and of the
// parser in common/hls. The one named exception (a segment cut off-keyframe in
// spite of EXT-X-INDEPENDENT-SEGMENTS, CONTRACT.md §5) cannot be seen in text.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tongke::hls {

struct Violation {
    std::string section;  // "RFC 8216bis 4.4.3.1", "CONTRACT 5"
    std::string text;
};

/// `previous`: the same playlist as this client saw it last, if it did.
std::vector<Violation> check_playlist(const std::optional<std::string>& previous, const std::string& current);

/// One line per violation, for a test's message.
std::string describe(const std::vector<Violation>& violations);

}  // namespace tongke::hls
