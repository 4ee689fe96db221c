// Pulling RTMP as a function of (bytes, now): sessions in, frames out, no
// socket and no clock. Frames are counted (CONTRACT.md §4) and carry the relay's
// own marks; rtmp_segments.hpp packages them.
// Media is due all the time, and a ping is when the encoder is away: a line on
// which nothing came for a second gets a rival with resume=, again each second;
// whichever speaks first goes on, and a frame number is taken only once. A relay
// that answers pings and has no frames yet is waited at, over one connection; the
// other addresses are asked beside it, one connection each. A relay
// that is about to stop says so: the next address is connected while it plays on,
// and taken if it knows the frames that we have.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/media/frame.hpp"
#include "common/pull/pull_sink.hpp"
#include "common/pull/retry.hpp"
#include "common/rtmp/client_session.hpp"

namespace tongke::pull {

using LinkId = std::uint64_t;

struct OpenLink {
    LinkId id = 0;
    rtmp::Url url;
};
struct CloseLink {
    LinkId id = 0;
};
using LinkAction = std::variant<OpenLink, CloseLink>;

struct RtmpPullConfig {
    std::vector<std::string> urls;  // "rtmp://host:port[/app]"
    std::string stream;
    PullToken token;
    std::uint64_t seed = 1;
    std::optional<std::int64_t> continue_after;  // the frame that is held already, whatever brought it
};

/// Who takes the frames: in order of their numbers, none twice, with the relay's numbers, times and marks.
/// One that follows a hole (after_hole) is a keyframe.
class FrameSink {
  public:
    virtual ~FrameSink() = default;
    virtual void frame(const SharedFrame& frame) = 0;
    /// Another relay's run, whose numbers say nothing of what came before.
    virtual void numbers_begin_anew() = 0;
};

class RtmpPull {
  public:
    RtmpPull(RtmpPullConfig config, PullSink& sink, FrameSink& frames);
    ~RtmpPull();

    void start(SteadyTime now);
    void on_bytes(LinkId id, ByteView bytes, SteadyTime now);
    /// The connection failed or ended.
    void on_closed(LinkId id, const std::string& detail, SteadyTime now);
    void on_tick(SteadyTime now);
    SteadyTime wake() const;
    std::vector<LinkAction> take_actions();
    /// Bytes to send on a link; empty for one that is gone.
    Bytes take_output(LinkId id);

    std::string url() const { return config_.urls[url_]; }
    std::optional<std::int64_t> last_frame() const { return last_frame_; }
    std::uint64_t duplicates() const { return duplicates_; }

  private:
    struct Link {
        LinkId id = 0;
        std::size_t url = 0;
        std::unique_ptr<rtmp::ClientSession> session;
        SteadyTime opened{};
        SteadyTime last_byte{};
        SteadyTime last_message{};  // whole
        std::optional<SteadyTime> pinged;
        bool playing = false;
        bool waits = false;  // it has answered, and does not play
        std::int64_t next_frame = 0;
        std::optional<rtmp::SegmentOpening> opening;  // of the frame that follows
    };

    Link* find(LinkId id);
    void open_link(SteadyTime now);
    void open_link(SteadyTime now, std::size_t url);
    void go_elsewhere(SteadyTime now);
    void stay();
    void forget_numbers();
    void close_link(LinkId id);
    template <class Which>
    void close_where(Which which);
    void close_others(LinkId id);
    void close_rivals(const Link& link);
    void drop(LinkId id);
    void note_life(SteadyTime now);
    void note_waiting(const Link& link, SteadyTime now);
    void lose(SteadyTime since, LostReason reason, const std::string& detail);
    void retry(SteadyTime now, Milliseconds delay);
    SteadyTime quiet_since() const;
    static std::optional<SteadyTime> ping_at(const Link& link);
    struct Question {
        std::size_t url = 0;
        SteadyTime at{};
    };
    std::optional<Question> elsewhere() const;
    void make_room();

    void on(Link& link, rtmp::PlayStarted& event, SteadyTime now);
    void on(Link& link, rtmp::MediaReceived& event, SteadyTime now);
    void on(Link& link, rtmp::UnsupportedMedia& event, SteadyTime now);
    void on(Link& link, rtmp::Jump& event, SteadyTime now);
    void on(Link& link, rtmp::SegmentOpening& event, SteadyTime now);
    void on(Link& link, rtmp::ReconnectRequested& event, SteadyTime now);
    void on(Link& link, rtmp::ReconnectWindow& event, SteadyTime now);
    void on(Link& link, rtmp::Ended& event, SteadyTime now);
    template <class Other>
    void on(Link&, Other&, SteadyTime) {}

    void take_track(TrackKind kind, ByteView config);
    void take_frame(Link& link, rtmp::MediaReceived event, SteadyTime now);
    std::int64_t unwrap(std::uint32_t timestamp);
    void report_answer(SteadyTime now);

    RtmpPullConfig config_;
    PullSink& sink_;
    FrameSink& frames_;
    Jitter jitter_;
    std::size_t url_ = 0;
    std::vector<LinkAction> actions_;
    std::vector<std::unique_ptr<Link>> links_;
    LinkId next_id_ = 1;
    LinkId current_ = 0;  // the link whose frames are taken; 0: none
    int races_ = 0;
    std::size_t moves_ = 0;  // tried while this relay is about to go
    int failures_ = 0;
    Milliseconds patience_ = kSilence;
    SteadyTime next_open_{};
    SteadyTime next_elsewhere_{};        // not before this, while one waits for its stream
    Milliseconds window_{0};             // over which all who lose this relay come back, as it says
    LinkId leaving_ = 0;                 // it plays on, and is about to go
    std::optional<SteadyTime> move_at_;  // to another relay, while it does
    std::optional<SteadyTime> last_byte_;
    std::optional<SteadyTime> lost_since_;
    std::optional<SteadyTime> reported_;

    std::optional<std::int64_t> last_frame_;
    bool hole_ = false;  // before the next frame: the relay no longer holds what was there
    std::optional<std::int64_t> last_dts_;
    std::int64_t pdt_minus_dts_ = 0;
    bool pdt_known_ = false;
    SharedTrack video_, audio_;
    std::uint64_t duplicates_ = 0;
};

}  // namespace tongke::pull
