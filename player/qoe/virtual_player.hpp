// Players that play nothing: they run over the arrival ledger and say what a
// real one of that latency would have seen (QOE.md §3). A player of latency L
// shows media m at m + (smallest lag of the run) + L + what it has stalled.
// The lag of media m of a segment is arrival − m, so max L − min L is exactly
// the latency that needs no stall, however the media is cut. Pure.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "player/qoe/episode.hpp"
#include "player/qoe/ledger.hpp"

namespace tongke::qoe {

struct Arrival {
    std::int64_t begin_us = 0, end_us = 0;  // media time
    std::int64_t at_us = 0;                 // any monotonic clock
};

struct VirtualStall {
    std::int64_t begin_us = 0, end_us = 0;  // on the arrivals' clock
};
struct CurvePoint {
    double latency_s = 0;
    std::int64_t stalls = 0;  // counted episodes
    double stalled_s = 0;     // of the counted ones
};

inline constexpr std::array<double, 6> kCurveLatencies{2, 4, 8, 16, 30, 60};

/// Raw stalls of one virtual player; arrivals in media order, `smallest_lag_us` of the run.
std::vector<VirtualStall> virtual_stalls(std::span<const Arrival> run, std::int64_t smallest_lag_us,
                                         std::int64_t latency_us);
/// The largest minus the smallest lag; empty for an empty run.
std::optional<std::int64_t> required_latency_us(std::span<const Arrival> run);
std::optional<std::int64_t> smallest_lag_us(std::span<const Arrival> run);
CurvePoint curve_point(std::span<const Arrival> run, double latency_s, const Definition& definition = {});
/// Media order, duplicates dropped; `from` on: only media that arrived then or later.
std::vector<Arrival> arrivals_of(const Ledger& ledger, SteadyTime from = {});
/// Any order and repeats → media order, each piece at its first arrival, never before the one it needs.
std::vector<Arrival> in_media_order(std::vector<Arrival> arrivals);

/// The whole curve and the latency this site needs, over one run.
class VirtualPlayers {
  public:
    struct Report {
        std::vector<CurvePoint> curve;  // at kCurveLatencies
        std::optional<double> required_latency_s;
    };
    static Report report(std::span<const Arrival> run, const Definition& definition = {});
};

/// The node's reference playhead: one virtual player, running, at the rooms' effective latency.
class ReferencePlayhead {
  public:
    /// `latency`: latency_seconds + TARGETDURATION, so that latency_seconds is left before each next segment.
    explicit ReferencePlayhead(Micros latency) : latency_(latency) {}

    /// A segment arrived whole (in media order; holes are jumped like a player does).
    void arrived(std::int64_t begin_ms, std::int64_t end_ms, SteadyTime at);
    /// Newest media held − the playhead, seconds; empty before the first arrival.
    std::optional<double> buffer(SteadyTime now) const;
    void clear();

  private:
    SteadyTime due(std::int64_t media_ms) const;  // when the player shows it

    Micros latency_;
    std::optional<SteadyTime> origin_;  // when media time 0 of origin_ms_ is shown
    std::int64_t origin_ms_ = 0;
    std::int64_t end_ms_ = 0;
};

}  // namespace tongke::qoe
