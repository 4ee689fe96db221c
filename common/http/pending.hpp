// The answer a connection waits for. A Reply holds it from any thread and
// delivers on the connection's worker, where `arrived` wakes the coroutine if it
// had to wait: most answers are there at once.
#pragma once
#include <memory>
#include <optional>

#include "common/async/aliases.hpp"
#include "common/http/message.hpp"

namespace tongke::http {

struct Pending {
    explicit Pending(async::Executor e) : executor(e) {}
    async::Executor executor;
    std::optional<async::Timer> arrived;
    std::optional<Response> response;

    /// The first one counts: after the handler's time was up its answer is the one under way.
    void deliver(Response answer) {
        if (response) {
            if (answer.stream) answer.stream->close();
            return;
        }
        response = std::move(answer);
        stop_waiting();
    }
    void stop_waiting() {
        if (arrived) arrived->cancel();
    }
};

inline Reply make_reply(std::shared_ptr<Pending> pending) {
    return Reply{[pending = std::move(pending)](Response response) {
        const auto executor = pending->executor;
        if (executor.running_in_this_thread()) return pending->deliver(std::move(response));
        boost::asio::post(executor, [pending, response = std::move(response)]() mutable {
            pending->deliver(std::move(response));
        });
    }};
}

}  // namespace tongke::http
