// Whether a source's picture is black or stands still (QOE.md §3), told from
// decoded pictures. An encoder's noise is no movement: brightness is compared in
// cells, pictures of one group with each other, keyframes with keyframes,
// because a keyframe is a fresh start for the encoder and looks a little
// different although nothing moved. Pure.
#pragma once
#include <deque>

#include "common/signal/look.hpp"
#include "relay/health/spell.hpp"

namespace tongke::relay {

class PictureWatch {
  public:
    /// In the order of showing; all pictures, or only keyframes.
    void see(const LumaView& picture, std::int64_t pts_ms, bool keyframe);
    /// The source is away: what was seen before says nothing about what comes.
    void forget();

    const Spell& black() const { return black_; }
    const Spell& still() const { return still_; }

  private:
    struct Seen {
        std::int64_t pts_ms = 0;
        signal::Cells cells;
    };
    bool moved(const signal::Cells& cells, std::int64_t pts_ms, bool keyframe);

    Spell black_{std::chrono::seconds{3}};
    Spell still_{std::chrono::seconds{10}};
    std::optional<Seen> keyframe_;
    std::deque<Seen> group_;  // of this group, the newest kCompare of it
};

}  // namespace tongke::relay
