// H.264 as encoders write it (start codes, ISO/IEC 14496-10 Annex B) made into
// what FLV and MP4 carry (lengths, and a decoder configuration record, ISO/IEC
// 14496-15). Pure; the input is trusted no more than any other.
#pragma once
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace tongke::h264 {

/// The NAL units between the start codes, without them; empty ones are left out.
std::vector<ByteView> nal_units(ByteView annex_b);

/// Each coded unit behind its length, 4 bytes. Parameter sets, delimiters and
/// filler are left out: the record has the first, nobody needs the others.
Bytes to_avcc(ByteView annex_b);

/// AVCDecoderConfigurationRecord of the first SPS and PPS; flv::Errc::malformed_config without both.
Result<Bytes> decoder_config(ByteView annex_b);

}  // namespace tongke::h264
