// A condition that must last before anybody is told of it, and whose begin is
// where it began, not where it was noticed. Pure: milliseconds of the stream's
// timeline come in.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/time/clock.hpp"

namespace tongke::relay {

class Spell {
  public:
    /// Of the time between two looks no more than `longest_step` counts.
    explicit Spell(Milliseconds threshold, Milliseconds longest_step = Milliseconds::max())
        : threshold_(threshold), longest_step_(longest_step) {}

    /// Whether it holds at a moment; moments do not go back.
    void look(bool holds, std::int64_t at_ms) {
        if (!holds) {
            begin_.reset();
        } else if (!begin_) {
            begin_ = at_ms;
            lasted_ = Milliseconds{0};
        } else {
            lasted_ += std::min(Milliseconds{at_ms - newest_ms_}, longest_step_);
        }
        newest_ms_ = at_ms;
    }
    void forget() { begin_.reset(); }

    /// It holds, though perhaps not for long enough.
    bool holds() const { return begin_.has_value(); }
    bool held_since(std::int64_t at_ms) const { return begin_ && *begin_ <= at_ms; }
    Milliseconds lasted() const { return begin_ ? lasted_ : Milliseconds{0}; }
    /// Where it began, once it has lasted.
    std::optional<std::int64_t> told() const {
        return begin_ && lasted() >= threshold_ ? begin_ : std::nullopt;
    }

  private:
    Milliseconds threshold_, longest_step_;
    Milliseconds lasted_{0};
    std::optional<std::int64_t> begin_;
    std::int64_t newest_ms_ = 0;
};

}  // namespace tongke::relay
