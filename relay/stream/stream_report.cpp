// What a stream tells of itself: to the API, and to the operator as advisories.
#include <cmath>

#include "common/media/flv.hpp"
#include "relay/stream/stream_core.hpp"

namespace tongke::relay {
namespace {

// An encoder may begin with one of its tracks.
constexpr std::chrono::seconds kTimeToSendBoth{10};
// Seconds between picture and sound that belong together, as they arrive: players hold what came first.
constexpr double kSkewLimit = 1;

std::string codec_text(const SharedTrack& track) {
    if (!track) return {};
    if (track->kind == TrackKind::video) {
        const auto config = flv::parse_avc_config(*track->decoder_config);
        return config ? config->codecs() : std::string{};
    }
    const auto config = flv::parse_audio_config(*track->decoder_config);
    return config ? config->codecs() : std::string{};
}

}  // namespace

void Stream::State::advise_of_encoder(SteadyTime now) {
    using Level = AdvisoryLevel;
    const auto wall = parts.clock.wall();
    const bool source_is_there = live && !publisher_lost;
    const bool long_gop = source_is_there && segmenter && segmenter->keyframe_interval_too_long();
    advisories.set({"two_encoders", "两台编码器在用同一个推流密钥争抢本路直播，请只保留一台", Level::alarm},
                   publishers.two_encoders(now), wall);
    advisories.set({"keyframe_interval", "编码器的关键帧间隔太长，请设为 2 秒", Level::warning}, long_gop,
                   wall);
    advisories.set({"slate", "主课堂的推流中断了，正在播放等待画面，请检查编码器和它的网络", Level::alarm},
                   stand_in.slate_on(), wall);
    advisories.set_recent({"timestamps", "编码器的时间戳不连续，已自动修正，请检查编码器", Level::warning},
                          timeline.repairs(), now, wall);
    advisories.set(
        {"upstream", "与上级中继的连接中断了，正在重连，本中继的各县暂时收不到新画面", Level::alarm},
        pulled && live && !pulled->connected, wall);
    // Only of a source that sends: what is away is said by the slate.
    const bool sends = source_is_there && rates.age(now) >= kTimeToSendBoth;
    const auto pictures = rates.fps(now), sounds = rates.sounds_per_second(now);
    advisories.set({"no_picture", "编码器只送来声音，没有画面，请检查摄像机和编码器的输入", Level::alarm},
                   publishers.sound_alone(now) || (sends && pictures == 0 && sounds > 0), wall);
    advisories.set({"no_sound", "编码器没有送来声音，请检查话筒和编码器的音频输入", Level::alarm},
                   sends && sounds == 0 && pictures > 0, wall);
    const auto skew = rates.av_skew_s(now);
    advisories.set({"av_skew", "编码器送来的声音和画面相差太多，请检查编码器", Level::warning},
                   sends && skew && std::abs(*skew) > kSkewLimit, wall);
}

StreamInfo Stream::info() const {
    const auto& s = *state_;
    const auto now = s.parts.clock.now();
    StreamInfo info;
    info.name = s.name;
    info.live = s.live;
    info.slate = s.stand_in.slate_state();
    info.last_source_frame = s.stand_in.source().frame_number();
    if (const auto* source = s.publishers.source()) info.publisher = *source;
    if (s.pulled && s.pulled->connected) info.publisher = s.pulled->from;
    info.pulled = s.pulled.has_value();
    info.video_codec = codec_text(s.setup->video);
    info.audio_codec = codec_text(s.setup->audio);
    if (s.setup->video) {
        info.width = s.setup->video->width;
        info.height = s.setup->video->height;
    }
    info.bitrate_bps = s.rates.bitrate_bps(now);
    info.fps = s.rates.fps(now);
    if (s.segmenter)
        info.keyframe_interval_s = static_cast<double>(s.segmenter->keyframe_interval_ms()) / 1000;
    info.b_frames = s.rates.b_frames(now);
    info.av_skew_s = s.rates.av_skew_s(now);
    info.gaps = s.rates.gaps();
    info.timestamp_repairs = s.timeline.repairs();
    for (std::size_t i = 0; i < kTransports; ++i) info.subscribers[i] = s.subscribers[i];
    const auto& log = s.parts.views[s.parts.home]->log();
    if (!log.empty()) {
        info.log_span_s = static_cast<double>(log.back().kept_ms - log.front().kept_ms) / 1000;
        info.log_bytes = log.end() - log.begin();
        info.first_frame = log.front().number;
        info.last_frame = log.back().number;
    }
    info.run = s.run;
    info.target_duration_s = s.target_duration;
    info.advisories = s.advisories.list();
    info.past_advisories.assign(s.advisories.past().begin(), s.advisories.past().end());
    return info;
}

}  // namespace tongke::relay
