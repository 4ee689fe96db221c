// Players that are catching up: one that joins needs up to a whole group of
// pictures at once, one that resumes minutes, and thousands may come together
// (TRAPS.md 5). The keyframe goes at once, what follows in slices by turns, in a
// part of the worker's time, so that those who keep up are not held up.
// One worker. Include from sources only: it brings Asio.
#pragma once
#include <deque>
#include <functional>

#include "common/async/aliases.hpp"
#include "common/time/clock.hpp"

namespace tongke::relay {

class JoinQueue {
  public:
    using Turn = std::function<void()>;
    JoinQueue(async::Executor executor, const Clock& clock) : timer_(executor), clock_(clock) {}

    /// `turn` is called once, soon, and may ask for another one.
    void wait(Turn turn) {
        if (stopped_) return;
        waiting_.push_back(std::move(turn));
        if (waiting_.size() == 1) wake_later();
    }
    /// No turn comes any more.
    void stop() {
        stopped_ = true;
        timer_.cancel();
        waiting_.clear();
    }

  private:
    static constexpr Milliseconds kEvery{10};
    static constexpr Milliseconds kBusy{4};

    void wake_later() {
        timer_.expires_after(kEvery);
        timer_.async_wait([this](Error error) {
            if (!error) take_turns();
        });
    }
    void take_turns() {
        const auto until = clock_.now() + kBusy;
        for (auto left = waiting_.size(); left > 0 && !waiting_.empty() && clock_.now() < until; --left) {
            // It stays until it has had its turn: whoever asks meanwhile needs no timer of its own.
            const auto turn = waiting_.front();
            turn();
            if (!waiting_.empty()) waiting_.pop_front();
        }
        if (!waiting_.empty()) wake_later();
    }

    async::Timer timer_;
    const Clock& clock_;
    std::deque<Turn> waiting_;
    bool stopped_ = false;
};

}  // namespace tongke::relay
