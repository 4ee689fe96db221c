// The arrival ledger (QOE.md §2 "lag"): when each piece of media was at each
// hop. Media time is PROGRAM-DATE-TIME in unix ms, hop times are the node's
// steady clock. One per upstream stream, shared by the rooms; bounded. Pure.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "player/qoe/types.hpp"

namespace tongke::qoe {

struct Piece {  // one segment
    std::int64_t msn = 0;
    std::int64_t begin_ms = 0, end_ms = 0;  // media time [begin, end)
    std::int64_t bytes = 0;
    SteadyTime node{};  // all of it at the node
    std::optional<SteadyTime>
        relay;  // when the relay had it, mapped by a constant offset, if the relay says so
    std::optional<SteadyTime> not_at_relay;  // the relay's last answer that did not list it yet
    SteadyTime asked{};                      // when the node asked for it
};

class Ledger {
  public:
    explicit Ledger(std::size_t pieces = 2048) : bound_(pieces) {}

    /// The relay answered at `at`: what it has ends at `end_ms` of media time. Every answer counts, above
    /// all one that says "nothing newer": it gives the relay's own lateness a lower bound, so an encoder
    /// that is late is not blamed on the link. Over RTMP, say it for every sign of life (a pong).
    void relay_answered(SteadyTime at, std::int64_t end_ms);
    /// A segment is whole at the node. A repeated msn changes nothing. Pieces may come out of order.
    void arrived(Piece piece);
    /// The link to the relay is known to be dead (or alive again): no answer, no bytes though due.
    void upstream_lost(SteadyTime since);
    void upstream_back(SteadyTime at);

    const std::deque<Piece>& pieces() const { return pieces_; }  // by msn
    const Piece* find(std::int64_t msn) const;
    /// End of the newest media held, unix ms; empty when none.
    std::optional<std::int64_t> newest_end_ms() const;
    /// The longest time within [begin, end] without an answer from the relay.
    Micros longest_silence(SteadyTime begin, SteadyTime end) const;
    /// The relay's last answer before `before` whose media ended before end_ms.
    std::optional<SteadyTime> last_answer_without(std::int64_t end_ms, SteadyTime before) const;
    std::optional<SteadyTime> last_answer() const { return last_answer_; }
    std::optional<SteadyTime> lost_since() const { return lost_since_; }
    std::optional<std::int64_t> relay_end_ms() const { return relay_end_ms_; }
    /// Seconds of [begin, end) during which the link was known to be dead.
    Micros lost_within(SteadyTime begin, SteadyTime end) const;
    /// Media seconds that arrived per second over the last `window`.
    std::optional<double> arrival_rate(SteadyTime now, Micros window = std::chrono::seconds{10}) const;
    std::optional<double> bitrate_bps() const;  // of the pieces held
    /// A new run, a changed stream, a new test: forget.
    void clear();

  private:
    struct Answer {
        SteadyTime at;
        std::int64_t end_ms;
    };
    std::size_t bound_;
    std::deque<Piece> pieces_;
    std::deque<Answer> answers_;
    std::deque<std::pair<SteadyTime, SteadyTime>> outages_;
    std::optional<SteadyTime> lost_since_;
    std::optional<SteadyTime> last_answer_;
    std::optional<std::int64_t> relay_end_ms_;
};

}  // namespace tongke::qoe
