#include "relay/test_channel/generator.hpp"

#include <fmt/format.h>

#include <array>

#include "common/media/flv.hpp"
#include "common/signal/programme.hpp"
#include "common/time/zone.hpp"

namespace tongke::relay {
namespace {

constexpr int kSoundKbps = 128;
constexpr int kKeyframeSeconds = 2;
// The encoder's own first frame lies before zero, which RTMP cannot say.
constexpr std::int64_t kFirstTimestampMs = 1000;
std::string time_of_day(std::int64_t utc_ms) {
    const auto local = to_local(from_unix_ms(utc_ms));
    return fmt::format("{:02}:{:02}:{:02}.{}", local.hour, local.minute, local.second,
                       local.millisecond / 100);
}

std::uint32_t timestamp(std::int64_t ms) { return static_cast<std::uint32_t>(ms + kFirstTimestampMs); }

}  // namespace

Generator::Generator(const TestChannelOptions& options, std::unique_ptr<av::VideoEncoder> video,
                     std::unique_ptr<av::AudioEncoder> audio)
    : options_(options),
      video_(std::move(video)),
      audio_(std::move(audio)),
      card_(options.width, options.height) {}

Result<std::unique_ptr<Generator>> Generator::open(const TestChannelOptions& options) {
    auto video = av::VideoEncoder::open({options.width, options.height, options.fps,
                                         options.bitrate_kbps - kSoundKbps, options.fps * kKeyframeSeconds});
    if (!video) return video.error();
    auto audio = av::AudioEncoder::open(kSoundKbps);
    if (!audio) return audio.error();
    return std::unique_ptr<Generator>(new Generator(options, std::move(*video), std::move(*audio)));
}

Result<std::vector<IngestFrame>> Generator::make(const Pace& pace, const Pace::Due& due,
                                                 const std::string& digits) {
    std::vector<IngestFrame> out;
    const auto& picture = card_.paint({due.code, digits, time_of_day(due.code.utc_ms)});
    auto encoded = video_->encode(picture, due.index);
    if (!encoded) return encoded.error();
    for (const auto& one : *encoded) {
        IngestFrame frame;
        frame.kind = TrackKind::video;
        frame.keyframe = one.keyframe;
        frame.timestamp = timestamp(one.index * 1000 / options_.fps);
        frame.arrival = due.at;
        frame.payload = share(flv::video_body(one.keyframe, 0, one.avcc));
        frame.payload_offset = flv::kVideoBodyOffset;
        frame.track = video_->track();
        out.push_back(std::move(frame));
    }
    const auto until = (due.index + 1) * av::AudioEncoder::kSampleRate / options_.fps;
    if (auto done = sound_until(pace, until, due.at, out); !done) return done.error();
    return out;
}

Result<void> Generator::sound_until(const Pace& pace, std::int64_t sample, SteadyTime arrival,
                                    std::vector<IngestFrame>& out) {
    constexpr auto kFrame = av::AudioEncoder::kFrameSamples;
    std::array<float, kFrame> left{}, right{};
    while (next_sample_ + static_cast<std::int64_t>(kFrame) <= sample) {
        for (std::size_t i = 0; i < kFrame; ++i) {
            const auto media_us =
                (next_sample_ + static_cast<std::int64_t>(i)) * 1'000'000 / av::AudioEncoder::kSampleRate;
            const auto sound = signal::sound_at(pace.utc_us(media_us));
            left[i] = sound.left;
            right[i] = sound.right;
        }
        auto encoded = audio_->encode(left, right, next_sample_);
        if (!encoded) return encoded.error();
        next_sample_ += static_cast<std::int64_t>(kFrame);
        for (const auto& one : *encoded) {
            IngestFrame frame;
            frame.kind = TrackKind::audio;
            frame.timestamp = timestamp(one.first_sample * 1000 / av::AudioEncoder::kSampleRate);
            frame.arrival = arrival;
            frame.payload = share(flv::audio_body(one.aac));
            frame.payload_offset = flv::kAudioBodyOffset;
            frame.track = audio_->track();
            out.push_back(std::move(frame));
        }
    }
    return {};
}

}  // namespace tongke::relay
