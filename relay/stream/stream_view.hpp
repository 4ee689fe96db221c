// One worker's view of one stream: its index of the log and the readers that
// live on that worker. Fed by one post per batch of frames from the stream's home
// worker (DESIGN.md 3, row 5); everything here runs on the view's own worker.
// A flush follows each batch, stretched by load: readers are called once and
// send everything they lack.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "common/async/live_count.hpp"
#include "common/net/send_burst.hpp"
#include "relay/stream/frame_batch.hpp"
#include "relay/stream/stream_info.hpp"
#include "relay/stream/wire_log.hpp"

namespace tongke::relay {

/// Reads wire bytes: an RTMP subscriber.
class LogReader {
  public:
    virtual ~LogReader() = default;
    /// New bytes are in the log, and some may be dropped once every reader was called; what is added to
    /// `burst` is sent before that. May detach, unless it added something.
    virtual void on_flush(net::SendBurst& burst) = 0;
    /// No publisher came back within grace_seconds. May detach.
    virtual void on_stream_ended() = 0;
};

/// Reads frames: the HLS packager.
class FrameReader {
  public:
    virtual ~FrameReader() = default;
    virtual void on_frame(const SharedFrame& frame) = 0;
    /// No publisher came back within grace_seconds: what is open may be finished.
    virtual void on_stream_ended() {}
};

class StreamView : async::LiveCount<StreamView> {
  public:
    using LiveCount::alive;
    using Defer = std::function<void(std::function<void()>)>;
    /// `defer` posts to the end of this worker's queue, so that a flush finds
    /// every frame that was queued before it. `burst`: this worker's.
    StreamView(std::string name, std::size_t worker, LogBounds bounds, Defer defer, net::SendBurst& burst);
    ~StreamView();
    StreamView(const StreamView&) = delete;
    StreamView& operator=(const StreamView&) = delete;

    const std::string& name() const { return name_; }
    std::size_t worker() const { return worker_; }
    const WireLog& log() const { return log_; }
    /// A publisher is there, or was within grace_seconds.
    bool live() const { return live_; }

    void attach(LogReader& reader) { log_readers_.push_back(&reader); }
    void detach(LogReader& reader);
    void attach(FrameReader& reader) { frame_readers_.push_back(&reader); }
    void detach(FrameReader& reader);

    // From the home worker, by post.
    void append(const std::vector<WrittenFrame>& batch);
    void set_live(bool live);
    /// Numbers begin anew: readers of the log end as if the stream had, and what it holds goes.
    void begin_anew();
    /// Readers are called now, if something is new.
    void flush();

  private:
    std::string name_;
    std::size_t worker_;
    WireLog log_;
    Defer defer_;
    net::SendBurst& burst_;
    bool live_ = false;
    bool flush_queued_ = false;
    bool unflushed_ = false;
    std::vector<LogReader*> log_readers_;  // null: it left during a call, swept with the next
    std::vector<FrameReader*> frame_readers_;
};

}  // namespace tongke::relay
