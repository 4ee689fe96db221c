// The relay's last word on a stall: a node sees only its own arrivals, the
// relay sees its source and everybody else (QOE.md §4: many sites at the same
// media time = upstream of all of them). Pure.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "common/time/clock.hpp"

namespace tongke::relay {

struct StallSpan {
    std::string node, room;
    WallTime begin{}, end{};
    std::string hop;  // as the node judged
};

/// The source sent the relay nothing from begin to end.
struct SourceGap {
    WallTime begin{}, end{};
};

struct AttributionRules {
    Milliseconds together = std::chrono::seconds{3};  // begins this near count as the same moment
    std::size_t nodes_min = 3;                        // and so many nodes make it one cause
    double nodes_share = 0.5;                         // of those that were playing
    double gap_share = 0.5;                           // a gap this long beside the stall explains it
    Milliseconds refill = std::chrono::seconds{5};    // how long after a gap its stalls may begin
};

/// "encoder" when the source or many nodes say so, else the node's own verdict.
std::string final_hop(const StallSpan& stall, std::span<const StallSpan> others, std::size_t nodes_playing,
                      std::span<const SourceGap> gaps, const AttributionRules& rules = {});

}  // namespace tongke::relay
