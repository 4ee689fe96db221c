// The messages that go before media: metadata and sequence headers, for a
// joining player and for the log where they change. Built from the track
// descriptions, so every player gets the same bytes whatever the encoder sent.
#pragma once
#include <vector>

#include "common/rtmp/wire.hpp"
#include "relay/stream/wire_log.hpp"

namespace tongke::relay {

struct PrefaceMessage {
    rtmp::MessageType type = rtmp::MessageType::data_amf0;
    Bytes payload;
};

/// What differs from `before` (null: everything): metadata first, then the changed headers.
std::vector<PrefaceMessage> preface_messages(const StreamSetup& now, const StreamSetup* before);
/// The same as wire bytes, stamped with the timestamp of the frame that follows.
Bytes preface_bytes(const StreamSetup& now, std::int64_t dts_ms);

}  // namespace tongke::relay
