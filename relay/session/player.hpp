// A session that plays: a cursor in its worker's log (DESIGN.md 2.1). Joins at
// the newest keyframe, or after the frame it names with resume=, or waits for
// the first frame of a stream that nobody publishes yet. Owned by its Session.
#pragma once
#include <optional>

#include "common/net/send_burst.hpp"
#include "relay/session/session.hpp"
#include "relay/stream/wire_cursor.hpp"

namespace tongke::relay {

class Player final : public LogReader, public net::BurstSender {
  public:
    Player(Session& session, Stream& stream, StreamView& view, std::optional<WallTime> leave_at);
    ~Player() override;
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    void join(std::optional<std::int64_t> resume);
    /// No longer a reader; the session is ending. The object stays until the session goes.
    void leave();

    void on_flush(net::SendBurst& burst) override;
    void on_sent(std::ptrdiff_t count) override;
    void on_stream_ended() override;

    /// Ends the session when the token, or the wait for a publisher, has run out.
    void sweep(SteadyTime now, WallTime wall);

    /// False while it waits for the first frame.
    bool started() const { return cursor_.has_value(); }
    ByteView next_bytes();
    void sent(std::size_t count);
    /// While it catches up: one more slice.
    void take_turn();
    /// What is new may go straight to this socket from now on; -1: it goes through the session, which waits
    /// for the socket, or encrypts.
    void send_directly_to(int socket) { direct_ = socket; }
    bool sends_directly() const { return direct_ >= 0; }
    std::uint64_t sent_bytes() const { return sent_bytes_; }
    /// The rest of the frame under way and what the protocol still has to say.
    Bytes last_words();

    std::uint64_t frames() const;
    /// Of the log, not sent yet.
    std::uint64_t unsent() const;
    std::uint64_t skipped() const { return skipped_; }

  private:
    void start(std::uint64_t position, std::int64_t first_frame, bool resumed);
    bool keeps_up() const;
    bool send_directly();
    void catch_up();
    void taken(std::size_t count);
    void take_protocol_output();
    void note_behind();
    void tell_of_jump(std::int64_t left_out) const;

    /// Since it has not kept up, to say what its line carries.
    struct Behind {
        SteadyTime since{};
        std::uint64_t sent = 0;
        std::uint64_t log_end = 0;
    };
    // What every flush touches stands together.
    int direct_ = -1;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t& worker_sent_bytes_;
    StreamView& view_;
    std::optional<WireCursor> cursor_;  // none while waiting for the first frame

    Session& session_;
    Stream& stream_;
    std::optional<WallTime> leave_at_;
    std::uint64_t wait_position_ = 0;
    SteadyTime wait_until_{};
    std::int64_t first_frame_ = 0;
    std::uint64_t skipped_ = 0;
    std::optional<Behind> behind_;
    bool catches_up_ = false;  // since it joined it has not had everything yet
    bool has_asked_ = false;   // for its turn
    std::size_t slice_ = 0;    // what it may send before its next turn
    bool reading_ = true;
};

}  // namespace tongke::relay
