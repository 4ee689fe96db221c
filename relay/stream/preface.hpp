// The messages that go before media: metadata and sequence headers, for a
// joining player and for the log where they change. Built from the track
// descriptions, so every player gets the same bytes whatever the encoder sent.
#pragma once
#include <vector>

#include "common/rtmp/wire.hpp"
#include "relay/stream/wire_log.hpp"

namespace tongke::relay {

struct PrefaceMessage {
    rtmp::WireHeader header;
    Bytes payload;
};

/// What differs from `before` (null: everything): metadata first, then the changed headers, stamped with the
/// timestamp of the frame that follows. Metadata is stamped 0: ffmpeg's FLV reader takes it for a track of
/// subtitles when it is not, and a recorder then waits for them.
std::vector<PrefaceMessage> preface_messages(const StreamSetup& now, const StreamSetup* before,
                                             std::int64_t dts_ms);
/// Everything, as wire bytes.
Bytes preface_bytes(const StreamSetup& now, std::int64_t dts_ms);

}  // namespace tongke::relay
