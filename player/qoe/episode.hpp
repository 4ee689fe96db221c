// QOE.md §2's merge rule in one place, for real and virtual players alike:
// stalls less than merge_gap of play apart are one episode whose length is the
// sum of its stalled parts; it is announced once that reaches `counted`, and
// over merge_gap after play resumed. Times are on whatever clock the owner uses.
#pragma once
#include <optional>
#include <vector>

#include "player/qoe/types.hpp"

namespace tongke::qoe {

struct Episode {
    Micros begin{};
    Micros end{};  // of the last part; meaningful once it is over
    Micros stalled{};
    std::vector<std::pair<Micros, Micros>> parts;  // the raw stalls, the newest 64 of them
    bool announced = false;
    double buffered_s = 0;                  // ahead of the playhead when it began
    std::optional<std::int64_t> media_pdt;  // unix ms of the last frame shown before it
};

class EpisodeMerger {
  public:
    explicit EpisodeMerger(const Definition& definition) : definition_(definition) {}

    /// A raw stall begins at `at`; an earlier episode too far away ends and is returned.
    std::optional<Episode> begin(Micros at, double buffered_s, std::optional<std::int64_t> media_pdt);
    /// True once per episode: it has just become a counted one, as seen at `now`.
    bool announce(Micros now);
    void end(Micros at);
    /// Ends the episode when enough play followed it by `now`.
    std::optional<Episode> settle(Micros now);
    /// Ends it at once (hidden, paused, finished); an open raw stall ends at `at`.
    std::optional<Episode> close(Micros at);

    bool stalling() const { return raw_begin_.has_value(); }
    const std::optional<Episode>& current() const { return episode_; }
    Micros stalled(Micros now) const;  // of the current episode

  private:
    std::optional<Episode> take();

    Definition definition_;
    std::optional<Episode> episode_;
    std::optional<Micros> raw_begin_;
};

}  // namespace tongke::qoe
