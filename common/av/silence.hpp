// Silence as AAC-LC says it, for any rate and number of channels that libavcodec
// encodes. Computes for a moment; any thread.
#pragma once
#include "common/base/result.hpp"
#include "common/media/frame.hpp"

namespace tongke::av {

struct Silence {
    SharedTrack track;  // of the encoder that made it
    Bytes aac;          // one raw frame, to be repeated
    int samples = 1024;
};
/// encoder_failed for a rate (Hz) or a number of channels that AAC-LC does not have.
Result<Silence> encode_silence(int sample_rate, int channels);

}  // namespace tongke::av
