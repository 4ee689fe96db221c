// Which connection is a stream's source (CONTRACT.md §4): the same key again
// replaces at once, a third take-over within 30 s is refused, and all after it
// until nobody tried for 30 s; the other key stands by and goes on after 1.5 s
// of the source's silence, on the keyframe it sent last. A source that is new
// begins at a keyframe; where nothing is on the air any more sound alone will do.
// What cannot be shown is silence. The relay's own test channel gives way at once
// to whoever comes from outside, and that is no take-over. Pure: times come in.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "common/media/frame.hpp"
#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

using PublicationId = std::uint64_t;

enum class PublishRefusal : std::uint8_t { none, two_encoders };

struct Publication {
    PublicationId id = 0;  // 0: refused
    PublishRefusal refusal = PublishRefusal::none;
};

class Publishers {
  public:
    enum class Verdict : std::uint8_t {
        drop,
        take,
        take_as_new_source,
        stand_by,   // not now; it may be wanted from its last keyframe on
        take_over,  // from its last keyframe on
    };

    /// `on_replaced` is called when a later publisher takes the place.
    Publication begin(PublisherInfo who, std::function<void()> on_replaced, SteadyTime now);
    /// The one that stood by and goes on, from its last keyframe; 0: none, or at its next keyframe.
    PublicationId end(PublicationId id);
    /// Whether a frame of this publication goes into the stream.
    /// `on_air`: readers are being served.
    Verdict judge(PublicationId id, TrackKind kind, bool keyframe, SteadyTime arrival, bool on_air);

    /// What the new source sent before cannot be shown: it begins at its next keyframe.
    void wait_for_keyframe();

    /// The one standing by goes on at its next keyframe, if it has that key. False when it has not.
    bool prefer(bool backup);

    const PublisherInfo* source() const { return source_ ? &source_->who : nullptr; }
    bool empty() const { return !source_ && !standby_; }
    /// There is a source, and it has sent something that can be shown.
    bool sending() const { return source_ && source_->started; }
    /// The source has sent nothing for seconds but sound that waits for a picture.
    bool sound_alone(SteadyTime now) const;
    /// Encoders fought over the stream within the last minute.
    bool two_encoders(SteadyTime now) const { return fought_ && now - *fought_ < std::chrono::minutes(1); }

  private:
    struct Place {
        PublicationId id = 0;
        PublisherInfo who;
        std::function<void()> on_replaced;
        bool started = false;  // its first frame was taken
        bool video_started = false;
        bool had_keyframe = false;              // while it stood by
        std::optional<SteadyTime> last_frame;   // that was taken; before it, when it came
        std::optional<SteadyTime> first_sound;  // since when nothing else came, where a picture is awaited
    };
    bool may_take_over(SteadyTime now);
    bool go_on_from_last_keyframe();
    bool source_silent(SteadyTime now) const;
    bool sound_goes_alone(SteadyTime now) const;
    Verdict judge_source(TrackKind kind, bool keyframe, SteadyTime arrival, bool on_air);

    std::optional<Place> source_;
    std::optional<Place> standby_;
    bool standby_is_wanted_ = false;
    std::deque<SteadyTime> take_overs_;  // within the last 30 s
    std::optional<SteadyTime> fought_;
    PublicationId last_id_ = 0;
    bool had_video_ = false;
};

}  // namespace tongke::relay
