// Owns coroutines: whoever spawns one into a group can cancel it and wait for
// its end, so none is ever detached (DESIGN.md 6). All calls on the group's
// executor; the group must outlive its coroutines: join() before destroying it.
// A coroutine that ends with an exception is a bug: logged as an error.
#pragma once
#include <functional>
#include <memory>

#include "common/async/aliases.hpp"

namespace tongke::async {

class TaskGroup {
  public:
    explicit TaskGroup(Executor executor);
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    void spawn(Task<> task);
    /// Asks every coroutine to end: what they await completes with operation_aborted.
    void cancel();
    std::size_t size() const;
    /// Runs `done` on the executor once no coroutine is left (at once by post when there is none).
    void on_empty(std::function<void()> done);
    Task<> join();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace tongke::async
