#include "relay/slate/slate_maker.hpp"

#include <fstream>
#include <span>

#include "common/av/encoder.hpp"
#include "common/av/error.hpp"
#include "common/av/silence.hpp"
#include "common/av/still_picture.hpp"
#include "common/log/log.hpp"
#include "common/media/flv.hpp"

namespace tongke::embedded {
extern const std::span<const std::uint8_t> waiting_png;
}

namespace tongke::relay {
namespace {

constexpr int kPicturesASecond = 10;
constexpr int kKbps = 600;
// What a classroom shows; the slate of a larger source is scaled up by the player.
constexpr int kWidest = 1920, kHighest = 1088, kSmallest = 64;
constexpr std::size_t kLargestFile = 32u << 20;

struct Size {
    int width;
    int height;
};

Size slate_size(const TrackDescription& video) {
    if (video.width < kSmallest || video.height < kSmallest || video.width > kWidest ||
        video.height > kHighest)
        return {1280, 720};
    return {video.width & ~1, video.height & ~1};
}

/// One second, from a keyframe to before the next.
Result<void> add_pictures(const Bytes& file, const TrackDescription& source, Still& out) {
    const auto size = slate_size(source);
    const auto picture = av::read_picture(file, size.width, size.height);
    if (!picture) return picture.error();
    auto encoder =
        av::VideoEncoder::open({size.width, size.height, kPicturesASecond, kKbps, kPicturesASecond});
    if (!encoder) return encoder.error();
    for (int i = 0; i < kPicturesASecond; ++i) {
        const auto encoded = (*encoder)->encode(*picture, i);
        if (!encoded) return encoded.error();
        for (const auto& one : *encoded)
            out.pictures.push_back({share(flv::video_body(one.keyframe, 0, one.avcc)), one.keyframe, 0});
    }
    if (out.pictures.empty() || !out.pictures.front().keyframe) return Error{av::Errc::encoder_failed};
    out.video = (*encoder)->track();
    out.picture_ms = 1000 / kPicturesASecond;
    return {};
}

/// In the source's own parameters where silence can be said in them: then its sound's track goes on
/// unchanged.
Result<void> add_silence(const SharedTrack& source, Still& out) {
    const auto config = flv::parse_audio_config(*source->decoder_config);
    const bool plain = config && config->object_type == 2 && config->samples_per_frame == 1024 &&
                       config->channels >= 1 && config->channels <= 2;
    Result<av::Silence> silence = Error{av::Errc::encoder_failed};
    if (plain) silence = av::encode_silence(config->sample_rate, config->channels);
    const bool own = static_cast<bool>(silence);
    if (!own) silence = av::encode_silence(av::AudioEncoder::kSampleRate, av::AudioEncoder::kChannels);
    if (!silence) return silence.error();
    out.audio = own ? source : silence->track;
    out.silence = share(flv::audio_body(silence->aac));
    out.samples_per_frame = silence->samples;
    return {};
}

}  // namespace

Result<SlateMaker> SlateMaker::open(const std::string& file) {
    Bytes bytes{embedded::waiting_png.begin(), embedded::waiting_png.end()};
    if (!file.empty()) {
        std::ifstream in(file, std::ios::binary);
        if (!in) return Error{errno, boost::system::system_category()};
        bytes.resize(kLargestFile + 1);
        in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(in.gcount()));
        bytes.shrink_to_fit();
        if (in.bad() || bytes.size() > kLargestFile) return Error{av::Errc::bad_picture};
    }
    SlateMaker made(std::make_shared<const Bytes>(std::move(bytes)));
    if (const auto shown = av::read_picture(*made.file_, 1280, 720); !shown) return shown.error();
    return made;
}

SlateMaker SlateMaker::silence_only() { return SlateMaker{nullptr}; }

SharedStill SlateMaker::make(const StreamSetup& source) const {
    auto still = std::make_shared<Still>();
    Result<void> made;
    if (source.video && file_) made = add_pictures(*file_, *source.video, *still);
    if (made && source.audio) made = add_silence(source.audio, *still);
    if (made) return still;
    log::warn("slate", "no slate for a source of {} x {}: {}", source.video ? source.video->width : 0,
              source.video ? source.video->height : 0, made.error().message());
    return nullptr;
}

}  // namespace tongke::relay
