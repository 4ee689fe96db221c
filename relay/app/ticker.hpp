// Calls a function at every whole multiple of a period (common/time/ticks.hpp)
// on one io_context until stopped. Owned by the program; stop() on the context's
// thread ends it: no call comes after. Include from sources only: it brings Asio.
#pragma once
#include <functional>

#include "common/async/aliases.hpp"
#include "common/time/ticks.hpp"

namespace tongke::relay {

class Ticker {
  public:
    Ticker(boost::asio::io_context& context, Milliseconds period, std::function<void()> work)
        : timer_(context.get_executor()), period_(period), work_(std::move(work)) {}

    void start() {
        timer_.expires_at(next_tick(std::chrono::steady_clock::now(), period_));
        timer_.async_wait([this](Error error) {
            if (error || stopped_) return;
            work_();
            if (!stopped_) start();
        });
    }
    void stop() {
        stopped_ = true;
        timer_.cancel();
    }

  private:
    async::Timer timer_;
    Milliseconds period_;
    std::function<void()> work_;
    bool stopped_ = false;
};

}  // namespace tongke::relay
