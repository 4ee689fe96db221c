// The words of QoE-Def v1 (QOE.md §1, §2, §4): states, hops, stall classes,
// and the thresholds. Everything in player/qoe is a function of (events, now):
// no sockets, no sleeping, no clock of its own.
#pragma once
#include <chrono>
#include <string_view>

#include "common/time/clock.hpp"

namespace tongke::qoe {

inline constexpr std::string_view kVersion = "1";  // of the definition; every event and report names it

enum class State { idle, starting, playing, stalled, decoder_frozen, paused, hidden, ended, failed };
inline constexpr std::size_t kStateCount = 9;
enum class Hop { encoder, relay_node, node, node_pc, pc, unknown };
enum class StallClass { short_stall, long_stall, outage };

std::string_view to_string(State s);
std::string_view to_string(Hop h);
std::string_view to_string(StallClass c);  // "short", "long", "outage"

/// A moment or a span on one monotonic clock. Times of a page count from its own
/// performance.now() origin; node times are SteadyTime.
using Micros = std::chrono::microseconds;

/// The thresholds of QOE.md §2.
struct Definition {
    Micros stall_after{200'000};   // no advance for this long is a stall
    Micros stall_advance{20'000};  // less than this is no advance
    double stall_buffer_s = 1.0;   // with at least this much ahead it is not the network
    Micros counted{500'000};       // episodes below are micro: histogram only
    Micros long_stall{3'000'000};
    Micros outage{10'000'000};
    Micros merge_gap{1'000'000};  // less play than this between stalls: one episode
    Micros freeze_after{1'000'000};

    StallClass class_of(Micros stalled) const;
};

}  // namespace tongke::qoe
