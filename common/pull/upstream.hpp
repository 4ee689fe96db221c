// One pull of a stream from a relay: a node's, shared by all its classrooms
// (DESIGN.md 3, row 8), or another relay's. Pulls HLS or RTMP from the first
// address that answers, hands over whole segments in order (or over RTMP, where
// that is wanted, frames), and says when each byte came. Lives on one thread of
// its owner's; every call and every call of the sink is there.
//
// Guarantees: segments come in order of msn and never twice; a hole appears only
// when the relay no longer holds what was missed, or between two starts over RTMP
// without held_frame: each joins at the newest keyframe (a cut within one resumes).
// It is then a discontinuity.
// Where a byte is due and none came for 1 s a second connection is opened, and
// again each second with jitter (TRAPS.md 5: TCP's own back-off takes longer).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/hls/segment.hpp"
#include "common/time/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace tongke::pull {

class FrameSink;  // rtmp_pull.hpp

/// The play token for an address that begins with one of the configuration's, asked for before every
/// connection and request; "" when there is none.
using PullToken = std::function<std::string(std::string_view url)>;

/// What must survive a restart of the node, so that its playlist never falls.
struct UpstreamProgress {
    std::string run;
    std::int64_t last_msn = 0;    // as delivered, msn_offset included
    std::int64_t msn_offset = 0;  // added to the relay's numbers; 0 unless the relay lost its state
};

struct UpstreamConfig {
    /// In order of preference: "http(s)://HOST[:PORT]" pulls HLS, "rtmp(s)://HOST[:PORT]" RTMP.
    std::vector<std::string> urls;
    std::string stream;
    /// Media to begin with, so that rooms can play at once: at least latency + 2 target durations.
    double start_back_seconds = 16;
    std::string ca_file;  // PEM; empty: the system's
    PullToken token;
    std::optional<UpstreamProgress> progress;  // from disk
    /// Over RTMP frames go here as they come, and no segments are made of them. It outlives the Upstream.
    /// After a change of transport some may come a second time.
    FrameSink* frames = nullptr;
    /// The newest frame that is held, whatever brought it: where a pull over RTMP goes on. May be empty.
    std::function<std::optional<std::int64_t>()> held_frame;
};

/// How a segment came.
struct SegmentArrival {
    SteadyTime asked{};       // request sent, or (RTMP) arrival of its first frame
    SteadyTime first_byte{};  // of the answer
    SteadyTime last_byte{};   // all of it at the node
    std::int64_t bytes = 0;   // on the wire for this segment
    /// The relay's last answer that did not list it yet.
    std::optional<SteadyTime> not_at_relay;
    /// Stored and whole at the relay when asked for: bytes / (last - first byte) is the link's throughput,
    /// where they differ.
    bool stored = false;
};

enum class UpstreamState : std::uint8_t { stopped, connecting, waiting_for_stream, running, lost };
enum class LostReason : std::uint8_t { silent, closed, connect_failed, refused, bad_answer };

struct UpstreamStatus {
    UpstreamState state = UpstreamState::stopped;
    std::string url;        // in use
    std::string transport;  // "hls" or "rtmp"
    std::optional<SteadyTime> lost_since;
    std::optional<LostReason> lost_reason;
    std::string detail;  // of the last failure, for logs and technicians
    std::optional<std::int64_t> last_msn;
};

/// Cumulative since construction.
struct UpstreamCounters {
    std::uint64_t bytes = 0;  // received, media and playlists
    std::uint64_t segments = 0;
    std::uint64_t segments_missed = 0;  // gone from the relay's window before we came back, or not there
    std::uint64_t races = 0;            // second connections opened
    std::uint64_t reconnects[5] = {};   // by LostReason
};

/// Where a pull reports. Calls come from the I/O thread and must not destroy the Upstream.
class UpstreamSink {
  public:
    virtual ~UpstreamSink() = default;
    virtual void on_segment(hls::SharedSegment segment, const SegmentArrival& arrival) = 0;
    /// The relay answered: its media ends at `end_pdt_ms` (unix ms). Also when nothing is new.
    virtual void on_relay_answer(SteadyTime at, std::int64_t end_pdt_ms) = 0;
    virtual void on_lost(SteadyTime since, LostReason reason) = 0;
    virtual void on_back(SteadyTime at) = 0;
    /// To be kept on disk before long; called after each segment.
    virtual void on_progress(const UpstreamProgress& progress) = 0;
};

class Upstream {
  public:
    /// `clock` and `sink` outlive this.
    Upstream(boost::asio::io_context& io, const Clock& clock, UpstreamConfig config, UpstreamSink& sink);
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    /// HLS goes on where the last start ended, as far as the relay holds it; with `begin_back` at most that
    /// many seconds behind live: what was missed in between is of no use. RTMP begins at the newest keyframe.
    void start(std::optional<double> begin_back = {});
    /// `stopped` is called once nothing is left running; then it may be started again or destroyed.
    void stop(std::function<void()> stopped);

    UpstreamStatus status() const;
    UpstreamCounters counters() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

std::string_view label(LostReason reason);

}  // namespace tongke::pull
