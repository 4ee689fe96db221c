// What can go wrong when media meets libav: its error codes are mapped here,
// once, to values that say what to do (TRAPS.md §5).
#pragma once
#include "common/base/result.hpp"

namespace tongke::av {

enum class Errc {
    no_tracks = 1,
    bad_decoder_config,
    bad_sample,
    out_of_memory,
    muxer_failed,
    encoder_missing,
    encoder_failed,
    bad_picture,
    decoder_missing,
};
Error make_error_code(Errc code);

/// `libav_code` is what a libav function returned, below zero; its text goes to the debug log.
Error from_libav(int libav_code, const char* where);
/// The same where an encoder fails.
Error encoder_error(int libav_code, const char* where);

}  // namespace tongke::av

template <>
struct boost::system::is_error_code_enum<tongke::av::Errc> : std::true_type {};
