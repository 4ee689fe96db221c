// A browser that plays an exactly known schedule, and the truth about it in
// closed form: frame i is presented at max(frame i−1 + its length, arrival of
// its segment). What the monitor says about the samples is held against that.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "player/qoe/beacon.hpp"

namespace tongke::qoe::test {

constexpr std::int64_t kFrame = 40'000;  // µs: 25 frames a second

struct SegmentArrival {
    std::int64_t frames;    // of 40 ms
    std::int64_t at;        // µs on the page's clock
    std::int64_t jump = 0;  // µs by which its media times depart from what came before
};

struct TrueEpisode {
    std::int64_t begin, end, stalled;
};

class SimulatedPage {
  public:
    SimulatedPage(std::vector<SegmentArrival> segments, std::int64_t start) {
        std::int64_t covered = 0, arrived = 0, jumped = 0;
        for (const auto& s : segments) {
            arrived = std::max(arrived, s.at);  // the page appends in order
            held_.push_back({arrived, covered + s.frames});
            jumped += s.jump;
            for (std::int64_t i = 0; i < s.frames; ++i) {
                const auto due = presented_.empty() ? start : presented_.back() + kFrame;
                presented_.push_back(std::max(due, arrived));
                jump_.push_back(jumped);
            }
            covered += s.frames;
        }
    }

    const std::vector<std::int64_t>& presented() const { return presented_; }
    std::int64_t end() const { return presented_.back() + kFrame; }

    Sample at(std::int64_t t) const {
        Sample s;
        s.at = Micros{t};
        const auto next = std::upper_bound(presented_.begin(), presented_.end(), t) - presented_.begin();
        s.presented = next;
        std::int64_t media_held = 0;
        for (const auto& h : held_)
            if (h.at <= t) media_held = h.frames * kFrame;
        if (next > 0) {
            const auto media = (next - 1) * kFrame;
            const auto jump = Micros{jump_[static_cast<std::size_t>(next - 1)]};
            s.media_time = Micros{media} + jump;
            s.media_pdt = 1'000'000'000'000 + media / 1000;
            s.current_time =
                Micros{media + std::min(kFrame, t - presented_[static_cast<std::size_t>(next - 1)])};
        }
        const auto shown = s.current_time.count();
        s.buffered_s = static_cast<double>(std::max<std::int64_t>(0, media_held - shown)) / 1e6;
        if (next > 0) s.current_time += Micros{jump_[static_cast<std::size_t>(next - 1)]};
        return s;
    }

    std::vector<Sample> samples(std::int64_t from, std::int64_t step) const {
        std::vector<Sample> all;
        for (auto t = from; t <= end(); t += step) all.push_back(at(t));
        return all;
    }

    /// QOE.md §2 in closed form: gaps between frames of at least 0.2 s, merged, of at least 0.5 s.
    std::vector<TrueEpisode> episodes(std::int64_t raw = 200'000, std::int64_t gap = 1'000'000,
                                      std::int64_t counted = 500'000) const {
        std::vector<TrueEpisode> merged;
        for (std::size_t i = 1; i < presented_.size(); ++i) {
            const auto begin = presented_[i - 1], resumed = presented_[i];
            if (resumed - begin < raw) continue;
            if (!merged.empty() && begin - merged.back().end < gap) {
                merged.back().end = resumed;
                merged.back().stalled += resumed - begin;
            } else {
                merged.push_back({begin, resumed, resumed - begin});
            }
        }
        merged.erase(std::remove_if(merged.begin(), merged.end(),
                                    [&](const TrueEpisode& e) { return e.stalled < counted; }),
                     merged.end());
        return merged;
    }

  private:
    struct Held {
        std::int64_t at, frames;
    };
    std::vector<Held> held_;
    std::vector<std::int64_t> presented_, jump_;
};

}  // namespace tongke::qoe::test
