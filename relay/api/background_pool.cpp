#include "relay/api/background_pool.hpp"

namespace tongke::relay {

BackgroundPool::BackgroundPool(std::size_t threads, std::size_t waiting) : bound_(waiting) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { loop(); });
}

BackgroundPool::~BackgroundPool() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        waiting_.clear();
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

bool BackgroundPool::run(std::function<void()> work) {
    {
        const std::lock_guard lock{mutex_};
        if (stopping_ || waiting_.size() >= bound_) return false;
        waiting_.push_back(std::move(work));
    }
    wake_.notify_one();
    return true;
}

void BackgroundPool::loop() {
    for (;;) {
        std::function<void()> work;
        {
            std::unique_lock lock{mutex_};
            wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            work = std::move(waiting_.front());
            waiting_.pop_front();
        }
        work();
    }
}

}  // namespace tongke::relay
