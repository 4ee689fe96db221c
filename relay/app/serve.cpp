#include "relay/app/serve.hpp"

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "common/async/signals.hpp"
#include "relay/app/command_line.hpp"
#include "relay/app/relay.hpp"

namespace tongke::relay {
namespace {

// CONTRACT.md §2: stopped within 10 s, whatever hangs. Ends the process when it is not.
class StopGuard {
  public:
    StopGuard()
        : thread_([this] {
              std::unique_lock lock(mutex_);
              if (done_.wait_for(lock, std::chrono::seconds{9}, [this] { return finished_; })) return;
              log::error("app", "not stopped within 9 s: ending at once");
              std::_Exit(kExitOther);
          }) {}
    ~StopGuard() {
        {
            const std::lock_guard lock(mutex_);
            finished_ = true;
        }
        done_.notify_one();
        thread_.join();
    }
    StopGuard(const StopGuard&) = delete;
    StopGuard& operator=(const StopGuard&) = delete;

  private:
    std::mutex mutex_;
    std::condition_variable done_;
    bool finished_ = false;
    std::thread thread_;
};

}  // namespace

int serve(const RelayConfig& config, const std::function<std::optional<RelayConfig>()>& reread) {
    log::configure(config.log.level_value(), config.log.file);
    const SystemClock clock;
    Relay relay(config, clock);
    boost::asio::io_context main;
    // Signals from here on are ours, so that none is lost while starting.
    std::unique_ptr<async::Signals> signals;
    signals = std::make_unique<async::Signals>(
        main,
        [&](int number) {
            log::info("app", "stopping on {}", number == SIGTERM ? "SIGTERM" : "SIGINT");
            signals->close();
        },
        [&] {
            log::info("app", "reloading");
            if (const auto fresh = reread())
                relay.reload(*fresh);
            else
                log::error("app", "reload: the configuration has problems, nothing was changed");
        });
    relay.start();
    log::info("app", "ready: {} stream(s), {} worker(s)", config.streams.size(), config.worker_count());
    main.run();
    const StopGuard guard;
    relay.stop();
    log::info("app", "stopped");
    return kExitDone;
}

}  // namespace tongke::relay
