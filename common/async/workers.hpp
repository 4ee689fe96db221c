// N threads, each running its own one-thread io_context, so that what lives on
// a worker needs no lock and no strand (DESIGN.md 6). Sockets, stream views and
// HTTP connections are spread over them; Workers{1} is the control thread.
// Owned by the program. post() may be called from any thread; work posted from
// one thread to one worker runs in the order of posting.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace tongke::async {

/// How many cores the process may run on (CPUAffinity of its unit, cpuset of its container), at least one.
std::size_t permitted_cores();

class Workers {
  public:
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    /// `name` is the prefix of the threads' names, at most 11 characters.
    explicit Workers(std::size_t count, std::string name = "worker");
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    void start();
    /// Lets go of the contexts and joins: returns once every handler has run.
    /// Their owners must have closed their sockets and timers before. Not from a worker.
    void stop();

    std::size_t size() const { return count_; }
    boost::asio::io_context& context(std::size_t index) const;
    void post(std::size_t index, std::function<void()> work) const;
    /// Runs `work` on a worker and waits for it; at once when called there, or
    /// when the workers are not running.
    void run_on(std::size_t index, const std::function<void()>& work) const;
    /// The worker that the calling thread is, or kNone.
    std::size_t current() const;

  private:
    struct Worker;
    std::size_t count_;
    std::string name_;
    std::unique_ptr<Worker[]> workers_;
    bool running_ = false;
};

}  // namespace tongke::async
