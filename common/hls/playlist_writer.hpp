// Playlist text, written once per change. A reader whose token travels in the
// query needs it after every URI, because ffmpeg and GStreamer drop the query
// on relative URIs (TRAPS.md §5): the text keeps the places where URIs end, and
// giving it a suffix is one pass of copying.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/hls/segment.hpp"

namespace tongke::hls {

class PlaylistText {
  public:
    void text(std::string_view part) { text_ += part; }
    /// A URI, after which a suffix may go.
    void uri(std::string_view uri) {
        text_ += uri;
        uri_ends_.push_back(text_.size());
    }
    const std::string& bare() const { return text_; }
    /// With `suffix` (e.g. "?token=…") after every URI.
    std::string with_suffix(std::string_view suffix) const;

  private:
    std::string text_;
    std::vector<std::size_t> uri_ends_;
};

struct MediaPlaylistHead {
    int target_duration = 0;  // seconds
    std::int64_t media_sequence = 0;
    std::int64_t discontinuity_sequence = 0;
    double hold_back = 0;  // seconds
};

/// A listed segment; `discontinuity` may be set where the segment's own is not,
/// because its neighbours differ from those it was made among.
struct ListedSegment {
    SharedSegment segment;
    bool discontinuity = false;
};

PlaylistText write_media_playlist(const MediaPlaylistHead& head, std::span<const ListedSegment> segments);

struct VariantLine {
    std::string uri;
    std::int64_t bandwidth = 0;          // bit/s, the peak of half a target duration and more
    std::int64_t average_bandwidth = 0;  // bit/s
    std::string codecs;
    int width = 0;
    int height = 0;
};
PlaylistText write_multivariant_playlist(const VariantLine& variant);

}  // namespace tongke::hls
