// The one place that names Asio's completion tokens (STYLE.md 3). Include it
// from sources and from headers that only sources of Asio folders include.
#pragma once
#include <boost/asio.hpp>
#include <tuple>

#include "common/net/tcp.hpp"

#ifndef BOOST_ASIO_HAS_CO_AWAIT
#error "coroutines are needed"
#endif

namespace tongke::async {

namespace asio = boost::asio;

using net::Executor;
using net::TcpAcceptor;
using net::TcpSocket;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

template <class T = void>
using Task = asio::awaitable<T, Executor>;

/// `auto [error, value] = co_await socket.async_x(..., as_result);`
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> as_result{};
/// Throws on error: only where an error is a bug.
inline constexpr asio::use_awaitable_t<Executor> as_task{};

}  // namespace tongke::async
