#include "common/async/task_group.hpp"

#include <list>
#include <utility>

#include "common/log/log.hpp"

namespace tongke::async {

struct TaskGroup::State : std::enable_shared_from_this<State> {
    explicit State(Executor e) : executor(std::move(e)) {}

    struct Entry {
        asio::cancellation_signal signal;
    };
    Executor executor;
    std::list<Entry> entries;
    std::vector<std::function<void()>> waiters;

    void finished(std::list<Entry>::iterator entry, const std::exception_ptr& failure) {
        if (failure) report(failure);
        entries.erase(entry);
        if (!entries.empty()) return;
        for (auto& waiter : std::exchange(waiters, {})) asio::post(executor, std::move(waiter));
    }
    static void report(const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            log::error("async", "a task ended with an exception: {}", e.what());
        }
    }
};

TaskGroup::TaskGroup(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(Task<> task) {
    const auto entry = state_->entries.emplace(state_->entries.end());
    // The state stays while a coroutine runs, so that its end finds its entry.
    auto on_end = [state = state_, entry](const std::exception_ptr& failure) {
        state->finished(entry, failure);
    };
    asio::co_spawn(state_->executor, std::move(task),
                   asio::bind_cancellation_slot(entry->signal.slot(), std::move(on_end)));
}

void TaskGroup::cancel() {
    // The next one is taken first: a coroutine may end, and its entry go, while it is told.
    const auto state = state_;
    for (auto next = state->entries.begin(); next != state->entries.end();) {
        auto& entry = *next++;
        entry.signal.emit(asio::cancellation_type::terminal);
    }
}

std::size_t TaskGroup::size() const { return state_->entries.size(); }

void TaskGroup::on_empty(std::function<void()> done) {
    if (state_->entries.empty()) return asio::post(state_->executor, std::move(done));
    state_->waiters.push_back(std::move(done));
}

Task<> TaskGroup::join() {
    Timer gate(state_->executor, std::chrono::steady_clock::time_point::max());
    if (!state_->entries.empty()) {
        state_->waiters.push_back([&gate] { gate.cancel(); });
        co_await gate.async_wait(as_result);
    }
}

}  // namespace tongke::async
