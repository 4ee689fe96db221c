// What is in a fragmented MP4, through libavformat, from memory: the tracks of
// its init section and the samples of one segment. Takes untrusted bytes.
// Any thread; nothing is kept between calls.
#pragma once
#include <vector>

#include "common/av/sample.hpp"
#include "common/base/result.hpp"

namespace tongke::av {

struct Fragment {
    Tracks tracks;
    std::array<std::vector<Bytes>, 2> samples;  // by TrackKind, in decoding order
};

/// `init` is ftyp + moov, `segment` whole moof + mdat pairs. H.264 and AAC.
Result<Fragment> demux_fragment(ByteView init, ByteView segment);

}  // namespace tongke::av
