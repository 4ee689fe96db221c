// What stands in for a source that is away: a still picture and silence, as
// frames that continue the stream's timeline (TRAPS.md 1.1: no hole, whatever
// the encoder does). Two kinds: the slate, with parameters of its own, while a
// publisher is lost; and the source's own last keyframe held, which closes a
// short absence without any change of parameters. Pure: times come in.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "relay/stream/stream.hpp"

namespace tongke::relay {

/// Immutable once made; shared between threads.
struct Still {
    struct Picture {
        SharedBytes body;  // FLV tag body
        bool keyframe = false;
        std::int32_t cts_ms = 0;
    };
    SharedTrack video;              // null: no picture
    std::vector<Picture> pictures;  // shown in turn, again and again; the first is a keyframe
    int picture_ms = 100;           // from one to the next
    SharedTrack audio;              // null: no sound
    SharedBytes silence;            // FLV tag body, said again and again
    int samples_per_frame = 1024;
};

class Filler {
  public:
    /// Where on the timeline pictures and sound begin, and which arrival belongs to the pictures' begin.
    struct Begin {
        std::int64_t dts_ms = 0;
        std::int64_t sound_dts_ms = 0;
        SteadyTime arrival{};
    };
    Filler(SharedStill still, const Begin& begin) : still_(std::move(still)), begin_(begin) {}

    struct Filled {
        IngestFrame frame;  // its timestamp means nothing
        std::int64_t dts_ms = 0;
    };
    /// The next frame before a place on the timeline.
    std::optional<Filled> next(std::int64_t until_dts_ms);
    /// Which place belongs to an arrival.
    std::int64_t dts_at(SteadyTime arrival) const;
    /// Only silence from now on.
    void drop_pictures();
    const Still& still() const { return *still_; }

  private:
    std::optional<std::int64_t> next_picture_dts() const;
    std::optional<std::int64_t> next_sound_dts() const;
    IngestFrame picture();
    IngestFrame sound();

    SharedStill still_;
    Begin begin_;
    std::int64_t pictures_ = 0;  // given out
    std::int64_t sounds_ = 0;
};

/// The same pictures, shown `cts_ms` after they are decoded: as a source with B-frames does, so that no
/// player meets a hole between the two.
SharedStill with_cts(const Still& still, std::int32_t cts_ms);

/// A source's last keyframe, shown `cts_ms` after it is decoded, again and again; no sound.
Still hold_still(ByteView keyframe_avcc, std::int32_t cts_ms, SharedTrack video);

}  // namespace tongke::relay
