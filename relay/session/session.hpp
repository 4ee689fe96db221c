// One RTMP connection on one worker: reads the socket, answers the protocol,
// asks for rights, and then is a publisher or a player until it ends with a
// reason (CONTRACT.md §4). Kept alive by its coroutine, which the worker's
// SessionSet owns; everything runs on that worker. Reads go into one buffer per
// thread and writes come from the stream's log, so a player holds no buffer
// (under TLS what its socket did not take of the last 64 KB).
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "common/async/aliases.hpp"
#include "common/async/live_count.hpp"
#include "common/rtmp/server_session.hpp"
#include "relay/session/anteroom.hpp"
#include "relay/session/channel.hpp"
#include "relay/session/end_reason.hpp"
#include "relay/session/join_queue.hpp"
#include "relay/session/leaving.hpp"
#include "relay/session/media_server.hpp"
#include "relay/session/session_metrics.hpp"
#include "relay/stream/subscriber_info.hpp"

namespace tongke::relay {

class Player;
class PublisherRole;

/// Over how long so many connections should spread when they all come back (TRAPS.md 1.10).
Milliseconds reconnect_window(std::size_t connections, double accepts_per_second);

/// What all sessions of a worker share.
struct SessionContext {
    StreamHub& hub;
    Authoriser& authoriser;
    SessionMetrics& metrics;
    const MediaLimits& limits;
    Anteroom& anteroom;
    Leaving& leaving;
    std::atomic<std::size_t>& connections;
    std::size_t worker = 0;
    JoinQueue* joins = nullptr;
    std::uint64_t sent_bytes = 0;  // not counted in the metric yet
};

class Session : public std::enable_shared_from_this<Session>, async::LiveCount<Session> {
  public:
    using LiveCount::alive;
    /// `number` tells it from every other connection.
    Session(SessionContext& context, Channel channel, std::uint64_t number);
    ~Session();

    async::Task<> run(std::shared_ptr<Session> self);
    /// Deadlines, pings: about once a second.
    void sweep(SteadyTime now, WallTime wall);
    /// Ends it once; later calls do nothing. What the protocol has to say is sent before the close.
    void end(EndReason reason, const std::string& detail = {});

    /// A player that understands it is to play from elsewhere; media goes on for what is returned, what its
    /// door needs for all (TLS is slower) and at least `least`; 0 where this one is not asked.
    Milliseconds ask_to_reconnect(Milliseconds least);
    /// Ends it and closes the socket at once.
    void stop(EndReason reason);

    // For the roles.
    void pump();
    /// The player may send another slice soon.
    void wait_for_turn();
    /// Once the player plays, and then when it has changed. The caller sends what it makes.
    void tell_reconnect_window();
    Milliseconds window_of_its_kind() const;
    SessionContext& context() { return context_; }
    rtmp::ServerSession& protocol() { return rtmp_; }
    /// What the protocol has to say and has not been sent: from here on the caller sends it.
    Bytes take_answers();
    const std::string& peer() const { return peer_; }
    const std::string& what() const { return what_; }
    /// None where it does not play that stream.
    std::optional<SubscriberInfo> subscriber(std::string_view stream);
    const std::string& client() const { return client_; }
    /// It was granted to publish or to play.
    bool has_role() const { return publisher_ || player_; }
    bool ended() const { return ended_at_.has_value(); }
    /// Runs `work(session)` on the worker, from any thread, unless it has ended by then.
    template <class Work>
    auto later(Work work) {
        return [weak = weak_from_this(), &hub = context_.hub, worker = context_.worker, work](auto... args) {
            hub.workers().post(worker, [weak, work, args...] {
                if (const auto self = weak.lock(); self && !self->ended()) work(*self, args...);
            });
        };
    }

  private:
    void read_available();
    void wake_from(int bytes);
    void take(std::vector<rtmp::ServerEvent> events);
    void on(const rtmp::Connected& event);
    void on(rtmp::PublishRequested& event);
    void on(rtmp::PlayRequested& event);
    void on(rtmp::MediaReceived& event);
    void on(const rtmp::UnsupportedMedia& event);
    void on(const rtmp::DataReceived&) {}  // metadata is made from the tracks
    void on(const rtmp::StreamClosed&);
    void on(const rtmp::PauseRequested&) {}  // a lesson has no pause
    void on(const rtmp::PongReceived&) {}
    void on(const rtmp::Ended& event);
    void granted(const rtmp::PublishRequested& request, const PublishGrant& grant);
    void granted(const rtmp::PlayRequested& request, const PlayGrant& grant);
    bool well_named(const rtmp::StreamRequest& request) const;
    std::size_t unsent_answers() { return rtmp_.output().size() - output_sent_; }
    void bound_answers();
    ByteView next_bytes();
    void sent(std::size_t count);
    void look_at_line(SteadyTime now);
    void wait_writable();
    void finish_sending();
    void close_socket();
    void log_end(EndReason reason, const std::string& detail) const;

    SessionContext& context_;
    std::uint64_t number_;
    Channel channel_;
    rtmp::ServerSession rtmp_;
    std::string peer_;
    std::string client_;
    std::string what_;               // "publish main", for the log
    std::string stream_, node_;      // that it plays, and whose token it has
    std::uint32_t retransmits_ = 0;  // counted already
    std::unique_ptr<Player> player_;
    std::unique_ptr<PublisherRole> publisher_;
    std::size_t output_sent_ = 0;  // of rtmp_.output()
    Bytes last_words_;             // once ended
    std::size_t last_words_sent_ = 0;
    bool waiting_writable_ = false;
    bool finished_ = false;  // our side is closed
    SteadyTime since_;
    SteadyTime last_read_;
    SteadyTime last_progress_;  // a byte was taken, or there was none to send
    SteadyTime last_ping_;
    SteadyTime last_look_;  // at the connection's TCP_INFO
    Milliseconds told_window_{0};
    bool leaving_ = false;      // it was asked to, and has not yet
    bool peer_closes_ = false;  // it said goodbye: the last word and the close are its own
    std::optional<SteadyTime> ended_at_;
};

}  // namespace tongke::relay
