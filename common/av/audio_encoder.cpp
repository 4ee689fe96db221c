#include <algorithm>

#include "common/av/codec.hpp"
#include "common/av/encoder.hpp"

namespace tongke::av {

struct AudioEncoder::State {
    CodecPtr codec;
    FramePtr frame;
    PacketPtr packet;
    SharedTrack track;
};

AudioEncoder::AudioEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
AudioEncoder::~AudioEncoder() = default;

Result<std::unique_ptr<AudioEncoder>> AudioEncoder::open(int bitrate_kbps) {
    auto codec = open_aac(bitrate_kbps, kSampleRate, kChannels);
    if (!codec) return codec.error();
    auto track = aac_track(**codec);
    if (!track) return track.error();
    auto frame = aac_frame(**codec);
    if (!frame) return frame.error();
    auto state = std::make_unique<State>(
        State{std::move(*codec), std::move(*frame), PacketPtr{av_packet_alloc()}, std::move(*track)});
    if (!state->packet) return Error{Errc::out_of_memory};
    return std::unique_ptr<AudioEncoder>(new AudioEncoder(std::move(state)));
}

const SharedTrack& AudioEncoder::track() const { return state_->track; }

Result<std::vector<EncodedSound>> AudioEncoder::encode(std::span<const float> left,
                                                       std::span<const float> right,
                                                       std::int64_t first_sample) {
    auto& s = *state_;
    if (left.size() != kFrameSamples || right.size() != kFrameSamples) return Error{Errc::bad_sample};
    if (av_frame_make_writable(s.frame.get()) < 0) return Error{Errc::out_of_memory};
    std::copy(left.begin(), left.end(), reinterpret_cast<float*>(s.frame->extended_data[0]));
    std::copy(right.begin(), right.end(), reinterpret_cast<float*>(s.frame->extended_data[1]));
    s.frame->pts = first_sample;
    std::vector<EncodedSound> out;
    const auto done = run_encoder(*s.codec, *s.frame, *s.packet, [&](const AVPacket& packet) {
        out.push_back({packet.pts, Bytes(packet.data, packet.data + packet.size)});
    });
    if (!done) return done.error();
    return out;
}

}  // namespace tongke::av
