// Which hop caused a stall (QOE.md §4). Each hop's arrivals minus the hop
// before, above their own running lower quartile, so constant clock offsets
// cancel. The largest is blamed, with its share of all as confidence; when the
// ledger cannot say, the answer is unknown. Pure.
#pragma once
#include <map>
#include <optional>

#include "player/qoe/ledger.hpp"

namespace tongke::qoe {

struct Verdict {
    Hop hop = Hop::unknown;
    std::optional<double> share;
};

struct StallWindow {
    SteadyTime begin{}, end{};  // end: when it ended, or now
    Micros stalled{};
    double buffered_s = 0;                  // ahead of the playhead when it began
    std::optional<std::int64_t> media_pdt;  // unix ms of the last frame shown before it
};

/// When a page had each segment whole, by msn; bounded.
class PageArrivals {
  public:
    struct Got {
        SteadyTime begin{}, end{};  // of the fetch
    };
    void fetched(std::int64_t msn, SteadyTime begin, SteadyTime end);
    const Got* find(std::int64_t msn) const;
    const std::map<std::int64_t, Got>& all() const { return got_; }

  private:
    std::map<std::int64_t, Got> got_;
};

Verdict attribute(const StallWindow& stall, const Ledger& ledger, const PageArrivals& page);

}  // namespace tongke::qoe
