#include "common/hls/playlist_writer.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "common/time/format.hpp"

namespace tongke::hls {
namespace {

// EXT-X-MAP outside I-frame playlists needs 6, an EXTINF with a fraction 3 (RFC 8216bis §8); nothing here
// needs more.
constexpr int kVersionWithMap = 6;
constexpr int kVersion = 3;

bool has_map(const ListedSegment& listed) {
    return listed.segment->init && !listed.segment->init->name.empty();
}

}  // namespace

std::string PlaylistText::with_suffix(std::string_view suffix) const {
    std::string out;
    out.reserve(text_.size() + uri_ends_.size() * suffix.size());
    std::size_t from = 0;
    for (const auto end : uri_ends_) {
        out.append(text_, from, end - from);
        out += suffix;
        from = end;
    }
    out.append(text_, from);
    return out;
}

PlaylistText write_media_playlist(const MediaPlaylistHead& head, std::span<const ListedSegment> segments) {
    PlaylistText out;
    const bool any_map = std::any_of(segments.begin(), segments.end(), has_map);
    out.text(fmt::format("#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}\n",
                         any_map ? kVersionWithMap : kVersion, head.target_duration));
    out.text(fmt::format("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK={:.3f}\n", head.hold_back));
    out.text(fmt::format("#EXT-X-MEDIA-SEQUENCE:{}\n", head.media_sequence));
    if (head.discontinuity_sequence > 0)
        out.text(fmt::format("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", head.discontinuity_sequence));
    out.text("#EXT-X-INDEPENDENT-SEGMENTS\n");
    std::string_view map;
    for (const auto& [segment, discontinuity] : segments) {
        if (discontinuity) out.text("#EXT-X-DISCONTINUITY\n");
        if (segment->init && segment->init->name != map) {
            map = segment->init->name;
            out.text("#EXT-X-MAP:URI=\"");
            out.uri(map);
            out.text("\"\n");
        }
        out.text(fmt::format("#EXT-X-PROGRAM-DATE-TIME:{}\n", to_iso8601(from_unix_ms(segment->pdt_ms))));
        if (segment->gap) out.text("#EXT-X-GAP\n");
        out.text(fmt::format("#EXTINF:{}.{:06},\n", segment->duration_us / 1'000'000,
                             segment->duration_us % 1'000'000));
        out.uri(segment->name);
        out.text("\n");
    }
    return out;
}

PlaylistText write_multivariant_playlist(const VariantLine& variant) {
    PlaylistText out;
    out.text("#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    out.text(fmt::format("#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={}", variant.bandwidth,
                         variant.average_bandwidth));
    if (!variant.codecs.empty()) out.text(fmt::format(",CODECS=\"{}\"", variant.codecs));
    if (variant.width > 0) out.text(fmt::format(",RESOLUTION={}x{}", variant.width, variant.height));
    out.text("\n");
    out.uri(variant.uri);
    out.text("\n");
    return out;
}

}  // namespace tongke::hls
