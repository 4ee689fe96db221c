#include "common/rtmp/data_message.hpp"
#include "relay/stream/preface.hpp"
#include "relay/stream/wire_log.hpp"

namespace tongke::relay {
namespace {

rtmp::MessageType type_of(TrackKind kind) {
    return kind == TrackKind::video ? rtmp::MessageType::video : rtmp::MessageType::audio;
}

}  // namespace

WireWriter::Written WireWriter::append(const Frame& frame, const SharedSetup& setup) {
    std::vector<PrefaceMessage> before;
    const auto say = [&](Bytes payload) {
        before.push_back(
            {rtmp::media_header(rtmp::MessageType::data_amf0, frame.dts_ms), std::move(payload)});
    };
    // Of a stream that is pulled from a relay which no longer held what comes between.
    if (last_number_ && frame.number != *last_number_ + 1) say(rtmp::jump_payload(frame.number));
    last_number_ = frame.number;
    // The first frame's headers come with every joiner's preface.
    if (last_setup_ && last_setup_ != setup)
        for (auto& message : preface_messages(*setup, last_setup_.get(), frame.dts_ms))
            before.push_back(std::move(message));
    last_setup_ = setup;
    if (frame.opens_segment) say(rtmp::segment_payload(*frame.opens_segment, frame.dts_ms));

    const auto media = rtmp::media_header(type_of(frame.kind), frame.dts_ms);
    auto size = rtmp::wire_size(media, frame.payload->size());
    for (const auto& message : before) size += rtmp::wire_size(message.header, message.payload.size());

    auto* out = reserve(size);
    for (const auto& message : before) out = rtmp::write_message(out, message.header, message.payload);
    rtmp::write_message(out, media, *frame.payload);

    const auto begin = position_;
    position_ += size;
    used_ += size;
    const bool joinable = frame.keyframe && frame.kind == TrackKind::video;
    return {{frame.number, frame.dts_ms, begin, position_, frame.kind, joinable,
             frame.opens_segment.has_value(), setup},
            block_};
}

std::uint8_t* WireWriter::reserve(std::size_t bytes) {
    if (!block_ || block_->capacity - used_ < bytes) {
        block_ = std::make_shared<WireBlock>(position_, std::max(block_bytes_, bytes));
        used_ = 0;
    }
    return block_->bytes.get() + used_;
}

}  // namespace tongke::relay
