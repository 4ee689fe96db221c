#include "relay/stream/preface.hpp"

#include "common/rtmp/data_message.hpp"

namespace tongke::relay {
namespace {

// FLV tag headers (Adobe FLV 10.1, E.4.2 and E.4.3): AVC sequence header on a
// keyframe; AAC sequence header, whose rate and channel bits are fixed.
constexpr std::uint8_t kAvcHeader[] = {0x17, 0, 0, 0, 0};
constexpr std::uint8_t kAacHeader[] = {0xAF, 0};

Bytes sequence_header(ByteView head, const TrackDescription& track) {
    Bytes body(head.begin(), head.end());
    body.insert(body.end(), track.decoder_config->begin(), track.decoder_config->end());
    return body;
}

}  // namespace

std::vector<PrefaceMessage> preface_messages(const StreamSetup& now, const StreamSetup* before,
                                             std::int64_t dts_ms) {
    using rtmp::media_header, rtmp::MessageType;
    std::vector<PrefaceMessage> messages;
    messages.push_back(
        {media_header(MessageType::data_amf0, 0), rtmp::metadata_payload(now.video.get(), now.audio.get())});
    if (now.video && (!before || before->video != now.video))
        messages.push_back(
            {media_header(MessageType::video, dts_ms), sequence_header(kAvcHeader, *now.video)});
    if (now.audio && (!before || before->audio != now.audio))
        messages.push_back(
            {media_header(MessageType::audio, dts_ms), sequence_header(kAacHeader, *now.audio)});
    return messages;
}

Bytes preface_bytes(const StreamSetup& now, std::int64_t dts_ms) {
    Bytes bytes;
    for (const auto& message : preface_messages(now, nullptr, dts_ms))
        rtmp::append_message(bytes, message.header, message.payload);
    return bytes;
}

}  // namespace tongke::relay
