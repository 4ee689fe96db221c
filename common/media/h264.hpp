// H.264 between its two spellings: what encoders write (start codes, ISO/IEC
// 14496-10 Annex B) made into what FLV and MP4 carry (lengths, and a decoder
// configuration record, ISO/IEC 14496-15), and what of the latter must be known.
// Pure; the input is trusted no more than any other.
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

/// SPS and PPS of a decoder configuration record, each behind its length as in the record's own frames; empty
/// for a record that is cut short.
Bytes parameter_sets(ByteView record);

/// Whether what to_avcc() makes, or FLV carries, begins a new coded sequence (an IDR picture): nothing before
/// it is needed to show it. False for what is cut short.
bool has_idr(ByteView avcc, int nal_length_size);

/// AVCDecoderConfigurationRecord of the first SPS and PPS; flv::Errc::malformed_config without both.
Result<Bytes> decoder_config(ByteView annex_b);

}  // namespace tongke::h264
