// The publisher's half of the border between RTMP and streams: media messages
// become frames, sequence headers become track descriptions (DESIGN.md 3, row
// 3). One per publishing session, on its worker. What a publisher can get wrong
// is an error value; the frame is then left out and nothing else happens.
#pragma once
#include <array>
#include <optional>

#include "common/base/result.hpp"
#include "common/rtmp/server_session.hpp"
#include "relay/stream/stream.hpp"

namespace tongke::relay {

enum class IngestErrc { no_sequence_header = 1, bad_nal_lengths };
Error make_error_code(IngestErrc code);

class Ingest {
  public:
    /// A frame; nothing for a sequence header or what may be ignored.
    Result<std::optional<IngestFrame>> on_media(rtmp::MediaReceived media, SteadyTime arrival);

  private:
    Result<std::optional<IngestFrame>> on_video(rtmp::MediaReceived media, SteadyTime arrival);
    Result<std::optional<IngestFrame>> on_audio(rtmp::MediaReceived media, SteadyTime arrival);
    Result<void> adopt(TrackKind kind, ByteView config);

    SharedTrack& track(TrackKind kind) { return tracks_[static_cast<std::size_t>(kind)]; }

    std::array<SharedTrack, 2> tracks_;  // by TrackKind; null before the sequence header
    int nal_length_size_ = 4;
};

}  // namespace tongke::relay

template <>
struct boost::system::is_error_code_enum<tongke::relay::IngestErrc> : std::true_type {};
