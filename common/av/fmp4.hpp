// Fragmented MP4 through libavformat, in memory: an init section, and one
// moof+mdat per segment whose tfdt is the timeline itself (64 bits). Pure
// functions: the same tracks and samples give the same bytes on every machine,
// so that a node that packages from RTMP makes the relay's segments.
// Any thread; nothing is kept between calls.
#pragma once
#include <span>
#include <string>

#include "common/av/sample.hpp"
#include "common/base/result.hpp"

namespace tongke::av {

/// ftyp + moov.
Result<Bytes> mux_init(const Tracks& tracks);
/// moof + mdat; `sequence` is written to mfhd. Samples of each track in decoding order.
Result<Bytes> mux_fragment(const Tracks& tracks, std::uint32_t sequence, std::span<const Sample> samples);

/// RFC 6381 codecs of the tracks, "avc1.64001f,mp4a.40.2"; parts that cannot be read are left out.
std::string codecs_of(const Tracks& tracks);

}  // namespace tongke::av
