// The bytes of one accepted connection, plain or TLS: every wait has a deadline
// that the worker's sweep enforces, so an operation costs no timer of its own.
// Internal to common/http; lives on one worker. One reader and one writer.
#pragma once
#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>

#include "common/async/aliases.hpp"
#include "common/base/bytes.hpp"
#include "common/time/clock.hpp"

namespace tongke::http {

using TlsStream = boost::asio::ssl::stream<async::TcpSocket>;

template <class Stream>
class ServerStream {
  public:
    static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

    template <class... Args>
    explicit ServerStream(Args&&... args) : stream_(std::forward<Args>(args)...) {}

    Stream& stream() { return stream_; }
    async::TcpSocket& socket() {
        if constexpr (kTls)
            return stream_.next_layer();
        else
            return stream_;
    }

    /// The wait that begins now ends with timed_out() when it lasts longer.
    void arm(Milliseconds limit) {
        timed_out_ = false;
        deadline_ = std::chrono::steady_clock::now() + limit;
    }
    void disarm() { deadline_ = SteadyTime::max(); }
    bool timed_out() const { return timed_out_; }
    void check(SteadyTime now) {
        if (now < deadline_) return;
        disarm();
        timed_out_ = true;
        Error ignored;
        socket().cancel(ignored);
    }
    void close() {
        closed_ = true;
        Error ignored;
        socket().close(ignored);
    }

    // No `if constexpr` or else-if around co_await: g++ 12 gives such a coroutine wrong resume points.
    async::Task<Error> handshake(Milliseconds limit) {
        arm(limit);
        const Error error = co_await handshake_over(stream_);
        co_return error;
    }

    /// All of both in as few sends as the socket takes; `sent` counts. False when the peer is gone or,
    /// then with timed_out(), took nothing for `progress`.
    template <class Counter>
    async::Task<bool> write(ByteView head, ByteView body, Milliseconds progress, Counter& sent_bytes) {
        while (!head.empty() || !body.empty()) {
            const std::array<boost::asio::const_buffer, 2> buffers{
                boost::asio::buffer(head.data(), head.size()), boost::asio::buffer(body.data(), body.size())};
            arm(progress);
            const auto [error, sent] = co_await stream_.async_write_some(buffers, async::as_result);
            if (error) co_return false;
            sent_bytes += sent;
            const auto from_head = std::min(sent, head.size());
            head = head.subspan(from_head);
            body = body.subspan(sent - from_head);
        }
        disarm();
        co_return true;
    }

    /// Lets the peer read the last answer: closing with unread input would reset the connection.
    async::Task<> linger(Milliseconds limit, std::size_t most) {
        arm(limit);
        co_await say_goodbye(stream_);
        Error ignored;
        socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
        std::array<char, 4096> dropped;
        for (std::size_t total = 0; total < most && !closed_ && !timed_out_;) {
            const auto [error, size] =
                co_await socket().async_read_some(boost::asio::buffer(dropped), async::as_result);
            if (error) co_return;
            total += size;
        }
    }

  private:
    static async::Task<Error> handshake_over(async::TcpSocket&) { co_return Error{}; }
    static async::Task<Error> handshake_over(TlsStream& stream) {
        const auto [error] =
            co_await stream.async_handshake(boost::asio::ssl::stream_base::server, async::as_result);
        co_return error;
    }
    static async::Task<> say_goodbye(async::TcpSocket&) { co_return; }
    static async::Task<> say_goodbye(TlsStream& stream) { co_await stream.async_shutdown(async::as_result); }

    Stream stream_;
    SteadyTime deadline_ = SteadyTime::max();
    bool timed_out_ = false;
    bool closed_ = false;
};

}  // namespace tongke::http
