// A finished segment: muxed once, immutable, shared by every reader on every
// thread. The same type at the relay (packaged from frames) and at the node
// (bytes passed through from upstream, or packaged there from RTMP).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/blob.hpp"

namespace tongke::hls {

enum class Container : std::uint8_t { fmp4, ts };

/// Of a segment's name and of the address below a presentation.
constexpr std::string_view extension(Container container) {
    return container == Container::ts ? "ts" : "m4s";
}

/// What a player must know before a segment; a new one only when codec parameters
/// changed. In fMP4 it has bytes of its own, the EXT-X-MAP; in TS each segment begins with them.
struct InitSection {
    std::string name;    // relative to the playlist: RUN/init-HASH.mp4, 8 hex digits of its bytes; "" in TS
    SharedBlob data;     // null in TS
    std::string codecs;  // RFC 6381, e.g. "avc1.64001f,mp4a.40.2"
    int width = 0;
    int height = 0;
};

struct Segment {
    Container container = Container::fmp4;
    std::string run;               // run id (CONTRACT.md §5)
    std::int64_t msn = 0;          // media sequence number, never falls
    std::int64_t duration_us = 0;  // exact, from timestamps; EXTINF prints it with 6 decimals
    std::int64_t begin_ms = 0;     // stream timeline of its first video frame
    std::int64_t pdt_ms = 0;       // program date time of its first frame, unix ms
    bool discontinuity = false;    // EXT-X-DISCONTINUITY precedes it
    bool gap = false;              // EXT-X-GAP: absent media, data is null
    int target_duration = 0;       // seconds, the stream's EXT-X-TARGETDURATION
    std::string name;              // relative to the media playlist: RUN/MSN.m4s or .ts
    SharedBlob data;               // fMP4: moof+mdat (styp allowed); TS: whole packets
    std::shared_ptr<const InitSection> init;
};
using SharedSegment = std::shared_ptr<const Segment>;

}  // namespace tongke::hls
