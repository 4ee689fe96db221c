// One stream by name, on its home worker: takes publishers and their frames,
// repairs the timeline, numbers frames, opens segments, writes the log and
// posts them in batches to every worker's view (DESIGN.md 2.1, 3). It outlives
// its publishers: a lost one is waited for grace_seconds, and what it leaves is
// filled (TRAPS.md 1.1; filler.hpp).
// Owned by the StreamHub. Except where said, call on the home worker only.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/async/live_count.hpp"
#include "relay/stream/ingest_frame.hpp"
#include "relay/stream/publishers.hpp"
#include "relay/stream/source_reader.hpp"
#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

struct StreamParts;  // what the hub gives a stream
struct StreamSetup;  // wire_log.hpp
struct Still;        // filler.hpp
using SharedStill = std::shared_ptr<const Still>;

struct StreamOptions {
    int keep_seconds = 120;
    std::uint64_t keep_bytes = 256u << 20;
    double segment_seconds = 2;
    int grace_seconds = 30;
    int merge_ms = 0;
    /// Makes the slate that goes with a source, or only its silence; called on a thread of the hub's, may
    /// block. Empty: neither.
    std::function<SharedStill(const StreamSetup& source)> slate;
};

class Stream : async::LiveCount<Stream> {
  public:
    using LiveCount::alive;
    Stream(std::string name, StreamOptions options, StreamParts parts);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Any thread.
    const std::string& name() const;
    const StreamOptions& options() const;
    std::size_t home() const;
    /// A player came (+1) or went (-1).
    void count_subscriber(Transport transport, int by);
    /// EXT-X-TARGETDURATION in seconds, 0 until settled.
    int target_duration() const;
    void post(std::function<void(Stream&)> work);

    /// `on_replaced` is called on the home worker when another publisher takes the place.
    Publication begin(PublisherInfo who, std::function<void()> on_replaced);
    void append(PublicationId id, IngestFrame frame);
    /// Frames that came together go on together.
    void append(PublicationId id, const std::vector<IngestFrame>& frames);
    void end(PublicationId id);
    /// The operator chooses between two publishers that are connected; false when that one is not.
    bool prefer(bool backup);

    /// Somebody is connected to publish it.
    bool published() const;

    // A stream that is pulled from another relay has no publishers (stream_pulled.cpp).
    /// Before the first frame, and when it comes from another.
    void pull_from(PublisherInfo relay);
    void pull_connected(bool connected);
    /// With the number, time and mark that it has there; one that is not above the last is left out.
    void append_pulled(const SharedFrame& frame);
    /// The last of them.
    std::optional<std::int64_t> pulled_frame() const;
    /// The next frame's number says nothing of those before: readers are sent away, to come back.
    void begin_anew();

    /// What sources send from now on is read by `reader`, which outlives the stream or is taken away (null).
    void read_source(SourceReader* reader);
    /// What is wrong with the source now, as whoever reads it sees it; `since` is told.
    void advise(std::vector<Advisory> findings);

    /// What waits for a picture, or for merge_ms, goes to the views now.
    void flush();
    /// Any thread: its publisher is lost, fill() has something to do.
    bool source_away() const;
    /// The slate, up to now: several times a second while source_away().
    void fill();
    /// Grace, advisories and what a silent publisher left unflushed: once a second.
    void tick();
    StreamInfo info() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
