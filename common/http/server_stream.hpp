// The bytes of one accepted connection, plain or TLS: every wait has a deadline
// that the worker's sweep enforces, so an operation costs no timer of its own.
// Internal to common/http; lives on one worker. One reader and one writer.
#pragma once
#include <sys/sendfile.h>
#include <sys/socket.h>

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
    explicit ServerStream(Args&&... args) : stream_(std::forward<Args>(args)...) {
        Error ignored;
        if (!kTls) socket().native_non_blocking(true, ignored);
    }

    Stream& stream() { return stream_; }
    async::TcpSocket& socket() {
        if constexpr (kTls)
            return stream_.next_layer();
        else
            return stream_;
    }

    /// The wait that begins now, and all that follow until the next call or disarm(), end with timed_out()
    /// when they last longer.
    void arm(Milliseconds limit) {
        timed_out_ = false;
        deadline_ = std::chrono::steady_clock::now() + limit;
    }
    void disarm() { deadline_ = SteadyTime::max(); }
    bool timed_out() const { return timed_out_; }
    void check(SteadyTime now) {
        if (now < deadline_) return;
        timed_out_ = true;  // and armed: what is about to wait again has nothing yet that could be cancelled
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

    /// What is still to be written: `body` after `head`. Where `file` is none of -1 it holds `body` from
    /// `offset` on, and a plain connection takes it from there.
    struct Output {
        ByteView head, body;
        int file = -1;
        off_t offset = 0;

        std::size_t size() const { return head.size() + body.size(); }
        bool empty() const { return size() == 0; }
        void take(std::size_t sent) {
            const auto from_head = std::min(sent, head.size());
            head = head.subspan(from_head);
            body = body.subspan(sent - from_head);
        }
    };

    /// What a plain socket takes at once, without waiting. True when that was all.
    template <class Counter>
    bool write_now(Output& output, Counter& sent_bytes) {
        if (kTls) return false;
        const auto before = output.size();
        push(socket().native_handle(), output);
        sent_bytes += before - output.size();
        return output.empty();
    }

    /// All of it in as few sends as the socket takes; `sent_bytes` counts. False when the peer is gone or,
    /// then with timed_out(), took nothing for `progress`.
    template <class Counter>
    async::Task<bool> write(Output output, Milliseconds progress, Counter& sent_bytes) {
        arm(progress);
        while (!output.empty()) {
            const auto before = output.size();
            const bool more = co_await write_some(stream_, output, progress);
            sent_bytes += before - output.size();
            if (!more) co_return false;
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

    /// Straight to the socket; what it does not take now waits until it takes more.
    async::Task<bool> write_some(async::TcpSocket& socket, Output& output, Milliseconds progress) {
        const auto pushed = push(socket.native_handle(), output);
        if (pushed != Push::full) co_return pushed == Push::all;
        arm(progress);
        const auto [error] = co_await socket.async_wait(async::TcpSocket::wait_write, async::as_result);
        co_return !error;
    }
    async::Task<bool> write_some(TlsStream& stream, Output& output, Milliseconds progress) {
        const std::array<boost::asio::const_buffer, 2> buffers{
            boost::asio::buffer(output.head.data(), output.head.size()),
            boost::asio::buffer(output.body.data(), output.body.size())};
        arm(progress);
        const auto [error, sent] = co_await stream.async_write_some(buffers, async::as_result);
        output.take(sent);
        co_return !error;
    }

    enum class Push { all, full, gone };
    static Push push(int socket, Output& output) {
        while (!output.empty()) {
            const auto sent =
                output.file < 0 ? send_both(socket, output)
                : !output.head.empty()
                    ? ::send(socket, output.head.data(), output.head.size(), MSG_NOSIGNAL | MSG_MORE)
                    : ::sendfile(socket, output.file, &output.offset, output.body.size());
            if (sent < 0 && errno == EINTR) continue;
            if (sent <= 0) return sent < 0 && errno == EAGAIN ? Push::full : Push::gone;
            output.take(static_cast<std::size_t>(sent));
        }
        return Push::all;
    }
    static ssize_t send_both(int socket, const Output& output) {
        std::array<iovec, 2> parts{iovec{const_cast<std::uint8_t*>(output.head.data()), output.head.size()},
                                   iovec{const_cast<std::uint8_t*>(output.body.data()), output.body.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        return ::sendmsg(socket, &message, MSG_NOSIGNAL);
    }
    static async::Task<> say_goodbye(TlsStream& stream) { co_await stream.async_shutdown(async::as_result); }

    Stream stream_;
    SteadyTime deadline_ = SteadyTime::max();
    bool timed_out_ = false;
    bool closed_ = false;
};

}  // namespace tongke::http
