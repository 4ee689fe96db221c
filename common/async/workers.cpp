#include "common/async/workers.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace tongke::async {
namespace {

thread_local const Workers* current_pool = nullptr;
thread_local std::size_t current_index = Workers::kNone;

}  // namespace

std::size_t permitted_cores() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof cores, &cores) != 0)
        return std::max(1u, std::thread::hardware_concurrency());
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&cores)));
}

struct Workers::Worker {
    boost::asio::io_context context{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard;
    std::thread thread;
};

Workers::Workers(std::size_t count, std::string name)
    : count_(count), name_(std::move(name)), workers_(new Worker[count]) {}

Workers::~Workers() { stop(); }

void Workers::start() {
    if (std::exchange(running_, true)) return;
    for (std::size_t i = 0; i < count_; ++i) {
        auto& worker = workers_[i];
        worker.guard.emplace(worker.context.get_executor());
        worker.thread = std::thread([this, i, &worker] {
            current_pool = this;
            current_index = i;
            worker.context.run();
        });
        // Linux cuts thread names at 15 characters.
        const auto label = (name_ + "-" + std::to_string(i)).substr(0, 15);
        pthread_setname_np(worker.thread.native_handle(), label.c_str());
    }
}

void Workers::stop() {
    if (!std::exchange(running_, false)) return;
    for (std::size_t i = 0; i < count_; ++i) workers_[i].guard.reset();
    for (std::size_t i = 0; i < count_; ++i) workers_[i].thread.join();
}

boost::asio::io_context& Workers::context(std::size_t index) const { return workers_[index].context; }

void Workers::post(std::size_t index, std::function<void()> work) const {
    boost::asio::post(workers_[index].context, std::move(work));
}

void Workers::run_on(std::size_t index, const std::function<void()>& work) const {
    if (!running_ || current() == index) return work();
    std::promise<void> done;
    post(index, [&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

std::size_t Workers::current() const { return current_pool == this ? current_index : kNone; }

}  // namespace tongke::async
