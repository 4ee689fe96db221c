// Bounds one awaited operation in time: `co_await with_deadline(5s, op)` gives
// the operation's result, or nothing when the deadline came first; the
// operation is then cancelled and has ended before this returns.
// For many small reads of one connection use a Watchdog or a sweep instead.
#pragma once
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <optional>

#include "common/async/aliases.hpp"

namespace tongke::async {

template <class T>
Task<std::optional<T>> with_deadline(std::chrono::steady_clock::duration limit, Task<T> operation) {
    using namespace asio::experimental::awaitable_operators;
    Timer timer(co_await asio::this_coro::executor, limit);
    auto first = co_await (std::move(operation) || timer.async_wait(as_result));
    if (first.index() == 0) co_return std::optional<T>(std::move(std::get<0>(first)));
    co_return std::nullopt;
}

}  // namespace tongke::async
