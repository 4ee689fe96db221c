#include "common/hls/playlist.hpp"

#include "common/base/error_category.hpp"

namespace tongke::hls {
namespace {

const char* words(PlaylistError error) {
    switch (error) {
        case PlaylistError::not_a_playlist:
            return "not a playlist (no #EXTM3U at its start): is the address right, and is it our relay?";
        case PlaylistError::too_large: return "playlist larger than 1 MiB";
        case PlaylistError::line_too_long: return "playlist line longer than 8 KiB";
        case PlaylistError::too_many_entries: return "playlist with more than 10000 entries";
        case PlaylistError::bad_tag: return "playlist tag without what it must carry";
        case PlaylistError::bad_number: return "playlist number that is none, or out of range";
        case PlaylistError::bad_duration: return "segment duration that is none, or longer than an hour";
        case PlaylistError::bad_date: return "program date time that is no ISO 8601 date";
        case PlaylistError::missing_uri: return "playlist tag with no URI after it";
        case PlaylistError::missing_target_duration: return "media playlist without a target duration";
        case PlaylistError::mixed: return "multivariant and media tags in one playlist";
        case PlaylistError::bad_uri: return "URI that is not http or https, or cannot be read";
    }
    return nullptr;
}

}  // namespace

Error make_error_code(PlaylistError code) {
    static const ErrorCategory<PlaylistError> category{"playlist", words};
    return {static_cast<int>(code), category};
}

}  // namespace tongke::hls
