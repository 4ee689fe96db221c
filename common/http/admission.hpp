// How many new connections a second are served (TRAPS.md 1.2): those above are
// told to come back at a moment of a window that grows with how many there are,
// each at another one, so that they do not all come at once again. Pure; one thread.
#pragma once
#include <algorithm>
#include <cmath>

#include "common/time/clock.hpp"

namespace tongke::http {

class Admission {
  public:
    /// 0: everybody is welcome. A second's worth may come at once.
    explicit Admission(double per_second) : per_second_(per_second), left_(per_second) {}

    /// One more comes: 0 when it is welcome, else after how many seconds it may come back.
    int ask(SteadyTime now) {
        if (per_second_ <= 0) return 0;
        const auto gained = per_second_ * std::max(0.0, Seconds(now - last_).count());
        last_ = now;
        left_ = std::min(per_second_, left_ + gained);
        waiting_ = std::max(0.0, waiting_ - gained);
        if (left_ >= 1) {
            left_ -= 1;
            return 0;
        }
        waiting_ += 1;
        const auto window =
            std::clamp(static_cast<int>(std::ceil(kRoom * waiting_ / per_second_)), 1, kLongest);
        return 1 + static_cast<int>(turn_++ % static_cast<unsigned>(window));
    }

  private:
    static constexpr double kRoom = 1.25;  // others come at the same time
    static constexpr int kLongest = 30;    // seconds

    double per_second_;
    double left_;
    double waiting_ = 0;  // were sent away and have not been able to come back
    unsigned turn_ = 0;
    SteadyTime last_{};
};

}  // namespace tongke::http
