// What a stream is made of. Private to relay/stream: stream.cpp takes publishers
// and their frames, stream_absence.cpp fills what they leave, stream_pulled.cpp
// takes the frames of another relay, stream_report.cpp tells.
#pragma once
#include <atomic>
#include <optional>
#include <string>

#include "common/hls/segmenter.hpp"
#include "relay/stream/advisories.hpp"
#include "relay/stream/rates.hpp"
#include "relay/stream/stand_in.hpp"
#include "relay/stream/standby_group.hpp"
#include "relay/stream/stream.hpp"
#include "relay/stream/stream_parts.hpp"
#include "relay/stream/timeline.hpp"

namespace tongke::relay {

struct Stream::State {
    State(std::string n, StreamOptions o, StreamParts p)
        : name(std::move(n)),
          options(o),
          parts(std::move(p)),
          batch(Milliseconds{options.merge_ms}),
          advisories(name),
          setup(std::make_shared<StreamSetup>()) {
        target_duration = parts.state.target_duration().value_or(0);
    }

    struct Taken {
        SharedFrame frame;
        bool repaired;
    };
    Taken take(IngestFrame in, const Timeline::Placed& placed, bool stands_in = false);
    void take_over(PublicationId id);
    void start_run(const IngestFrame& first, std::int64_t dts_ms);
    void adopt_track(const SharedTrack& track);
    std::optional<SegmentMark> segment_mark(const IngestFrame& frame, std::int64_t dts_ms, bool stands_in);
    void note_loss();
    bool grace_over(SteadyTime now) const;
    void publish(const SharedFrame& frame);
    void deliver(bool goes_live = false);
    void count(const Frame& frame, bool repaired);
    void note(const SharedFrame& frame);
    void other_source();
    void advise_of_encoder(SteadyTime now);
    Milliseconds slate_after() const;
    void begin_slate(SteadyTime now);
    void end_absence(SteadyTime arrival, const IngestFrame& first);
    void fill_until(SteadyTime moment);
    void lead_in(TrackKind kind, std::int64_t dts_ms);
    void put(Filler::Filled filled);
    void keep_slate_ready();
    struct Pulled {
        PublisherInfo from;
        bool connected = false;
        bool anew = false;  // the next frame's number says nothing of those before
        std::optional<std::int64_t> last_frame;
        std::optional<std::int64_t> last_msn;
        std::int64_t msn_offset = 0;  // added to marks; 0 unless the origin lost its state
        SteadyTime last_arrival{};
    };
    template <class Work>
    void post_to_views(Work work);
    void set_live(bool now_live);
    std::optional<SegmentMark> follow_mark(const SegmentMark& mark);
    void note_pulled_absence(SteadyTime now);

    const std::string name;
    const StreamOptions options;
    StreamParts parts;
    Publishers publishers;
    Timeline timeline;
    WireWriter writer;
    FrameBatch batch;
    bool more_to_come = false;  // of the frames that came together: the batch waits for them
    Rates rates;
    Advisories advisories;
    std::optional<hls::Segmenter> segmenter;  // from the run's first frame on
    SharedSetup setup;
    std::string run;
    bool live = false;
    bool discontinuity = false;                // waits for the next keyframe
    bool sound_in_segment = false;             // since the last mark
    std::optional<SteadyTime> publisher_lost;  // since when nobody sends; until another's first frame
    std::optional<Pulled> pulled;              // from another relay: then there are no publishers
    bool lost_generated = false;               // it was the relay's own
    // By whoever publishes a lesson; that the test channel ends is the schedule's.
    std::atomic<bool> away{false};
    StandIn stand_in;
    StandbyGroup standby;
    SourceReader* reader = nullptr;
    std::uint64_t frames = 0;
    std::uint64_t frames_at_tick = 0;
    std::atomic<int> target_duration{0};
    std::array<std::atomic<int>, kTransports> subscribers{};
};

/// After everything that was published.
template <class Work>
void Stream::State::post_to_views(Work work) {
    deliver();
    for (auto* view : parts.views) parts.workers.post(view->worker(), [view, work] { work(*view); });
}

}  // namespace tongke::relay
