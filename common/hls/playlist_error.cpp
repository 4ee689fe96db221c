#include "common/hls/playlist.hpp"

namespace tongke::hls {
namespace {

class Category final : public boost::system::error_category {
  public:
    const char* name() const noexcept override { return "playlist"; }
    std::string message(int code) const override {
        switch (static_cast<PlaylistError>(code)) {
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
        return "unknown playlist error";
    }
};

}  // namespace

Error make_error_code(PlaylistError code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

}  // namespace tongke::hls
