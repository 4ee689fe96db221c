#include "common/av/fmp4.hpp"

#include <algorithm>

#include "common/av/error.hpp"
#include "common/av/muxer.hpp"
#include "common/media/flv.hpp"

namespace tongke::av {
namespace {

Result<void> open(Muxer& muxer, const Tracks& tracks, std::uint32_t sequence) {
    AVDictionary* options = nullptr;
    // frag_discont makes tfdt the absolute timestamp instead of a sum from zero.
    av_dict_set(&options, "movflags", "empty_moov+frag_custom+frag_discont+default_base_moof", 0);
    av_dict_set_int(&options, "use_editlist", 0, 0);
    av_dict_set_int(&options, "video_track_timescale", kVideoTimescale, 0);
    av_dict_set_int(&options, "fragment_index", std::max<std::uint32_t>(1, sequence & 0x7fffffff), 0);
    return muxer.open("mp4", tracks, options);
}

}  // namespace

Result<Bytes> mux_init(const Tracks& tracks) {
    Muxer muxer;
    if (auto opened = open(muxer, tracks, 1); !opened) return opened.error();
    return muxer.take();
}

Result<Bytes> mux_fragment(const Tracks& tracks, std::uint32_t sequence, std::span<const Sample> samples) {
    if (samples.empty()) return Error{Errc::bad_sample};
    Muxer muxer;
    if (auto opened = open(muxer, tracks, sequence); !opened) return opened.error();
    muxer.take();
    for (const auto& sample : samples)
        if (auto written = muxer.write(sample); !written) return written.error();
    if (auto flushed = muxer.flush(); !flushed) return flushed.error();
    return muxer.take();
}

std::string codecs_of(const Tracks& tracks) {
    std::string out;
    if (tracks.video && tracks.video->decoder_config)
        if (const auto config = flv::parse_avc_config(*tracks.video->decoder_config)) out = config->codecs();
    if (tracks.audio && tracks.audio->decoder_config)
        if (const auto config = flv::parse_audio_config(*tracks.audio->decoder_config))
            out += (out.empty() ? "" : ",") + config->codecs();
    return out;
}

}  // namespace tongke::av
