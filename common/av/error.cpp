#include "common/av/error.hpp"

#include <array>
#include <cerrno>
#include <string>

#include "common/av/libav.hpp"
#include "common/base/error_category.hpp"
#include "common/log/log.hpp"

namespace tongke::av {
namespace {

const char* words(Errc error) {
    switch (error) {
        case Errc::no_tracks: return "neither picture nor sound: nothing to mux";
        case Errc::bad_decoder_config:
            return "the codec's configuration cannot be written to a segment: check the encoder";
        case Errc::bad_sample: return "a frame cannot be written to a segment: check the encoder";
        case Errc::out_of_memory: return "out of memory in libav";
        case Errc::encoder_missing:
            return "this libavcodec lacks an encoder: install libavcodec with libx264 (Debian: "
                   "libavcodec59)";
        case Errc::encoder_failed: return "libavcodec failed to encode: the debug log has its words";
        case Errc::bad_picture: return "no PNG or JPEG, broken, or above 8192 pixels";
        case Errc::decoder_missing: return "this libavcodec lacks a decoder for H.264 or AAC";
        case Errc::muxer_failed: return "libavformat failed to write a segment: the debug log has its words";
    }
    return nullptr;
}

void note(int libav_code, const char* where) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(libav_code, text.data(), text.size());
    log::debug("av", "{}: {}", where, text.data());
}

}  // namespace

Error make_error_code(Errc code) {
    static const ErrorCategory<Errc> category{"av", words};
    return {static_cast<int>(code), category};
}

Error from_libav(int libav_code, const char* where) {
    note(libav_code, where);
    if (libav_code == AVERROR(ENOMEM)) return Errc::out_of_memory;
    if (libav_code == AVERROR_INVALIDDATA || libav_code == AVERROR(EINVAL)) return Errc::bad_sample;
    return Errc::muxer_failed;
}

Error encoder_error(int libav_code, const char* where) {
    note(libav_code, where);
    if (libav_code == AVERROR(ENOMEM)) return Errc::out_of_memory;
    return Errc::encoder_failed;
}

}  // namespace tongke::av
