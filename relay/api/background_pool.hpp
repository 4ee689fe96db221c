// A few threads for work that would hold up the control thread (scrypt). Bounded:
// what does not fit is refused, so that a flood of log-ins cannot queue up
// minutes of work. The destructor finishes what runs and drops what waits.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tongke::relay {

class BackgroundPool {
  public:
    explicit BackgroundPool(std::size_t threads = 2, std::size_t waiting = 64);
    ~BackgroundPool();
    BackgroundPool(const BackgroundPool&) = delete;
    BackgroundPool& operator=(const BackgroundPool&) = delete;

    /// Any thread; false when too much is waiting already.
    bool run(std::function<void()> work);

  private:
    void loop();

    std::size_t bound_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> waiting_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace tongke::relay
