// Players that were asked to go elsewhere before the stop, counted as they go.
// Any thread.
#pragma once
#include <condition_variable>
#include <mutex>

#include "common/time/clock.hpp"

namespace tongke::relay {

class Leaving {
  public:
    void asked() {
        const std::lock_guard lock(mutex_);
        ++left_;
    }
    void gone() {
        const std::lock_guard lock(mutex_);
        if (--left_ == 0) all_gone_.notify_all();
    }
    /// Until all have gone, or the limit.
    void wait(Milliseconds limit) {
        std::unique_lock lock(mutex_);
        all_gone_.wait_for(lock, limit, [this] { return left_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable all_gone_;
    int left_ = 0;
};

}  // namespace tongke::relay
