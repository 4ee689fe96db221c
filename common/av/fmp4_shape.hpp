// Whether an fMP4 from outside has the shape of what fmp4.cpp writes, box by
// box, before libavformat sees it: libavformat makes room for as many entries as
// a table claims, some of which need no bytes of their own, and knows hundreds
// of boxes more (ISO/IEC 14496-12). Pure; takes untrusted bytes.
#pragma once
#include "common/base/bytes.hpp"

namespace tongke::av {

/// `init` is ftyp + moov without samples, `segment` moof + mdat and what players skip. False: not ours.
bool has_our_shape(ByteView init, ByteView segment);

}  // namespace tongke::av
