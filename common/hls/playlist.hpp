// Media and multivariant playlists as values, and the parser that makes them
// of untrusted text (RFC 8216bis §4): a node reads its relay through this, and a
// relay that has become an HTML error page must give a clear word, not a crash.
// Pure. Unknown tags and attributes are skipped, every length is bounded.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.hpp"

namespace tongke::hls {

enum class PlaylistError {
    not_a_playlist = 1,  // no #EXTM3U: an error page, an empty body
    too_large,
    line_too_long,
    too_many_entries,
    bad_tag,
    bad_number,
    bad_duration,
    bad_date,
    missing_uri,
    missing_target_duration,
    mixed,  // multivariant and media tags in one
    bad_uri,
};
Error make_error_code(PlaylistError code);

struct MediaEntry {
    std::string uri;      // as written
    std::string map_uri;  // of the EXT-X-MAP in force, "" when none
    std::int64_t msn = 0;
    std::int64_t duration_us = 0;
    std::int64_t discontinuity_sequence = 0;
    std::optional<std::int64_t> pdt_ms;  // written, or counted on from the last one written
    bool discontinuity = false;
    bool gap = false;
};

struct MediaPlaylist {
    int version = 1;
    int target_duration = 0;  // seconds
    std::int64_t media_sequence = 0;
    std::int64_t discontinuity_sequence = 0;
    bool independent_segments = false;
    bool can_block_reload = false;
    std::optional<double> hold_back;  // seconds
    bool ended = false;
    std::vector<MediaEntry> entries;
};

struct Variant {
    std::string uri;
    std::int64_t bandwidth = 0;
    std::string codecs;
    int width = 0;
    int height = 0;
};

struct MultivariantPlaylist {
    bool independent_segments = false;
    std::vector<Variant> variants;
};

using Playlist = std::variant<MediaPlaylist, MultivariantPlaylist>;

Result<Playlist> parse_playlist(std::string_view text);

/// `reference` against `base` (an absolute http or https URL), RFC 3986 §5.
/// Only http and https come out.
Result<std::string> resolve_uri(std::string_view base, std::string_view reference);

}  // namespace tongke::hls

template <>
struct boost::system::is_error_code_enum<tongke::hls::PlaylistError> : std::true_type {};
