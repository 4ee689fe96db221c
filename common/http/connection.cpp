#include "common/http/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/async/aliases.hpp"
#include "common/http/event_channel.hpp"
#include "common/http/head.hpp"
#include "common/http/request_head.hpp"
#include "common/log/log.hpp"

namespace tongke::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using Tcp = asio::ip::tcp;
using async::as_result;
using async::Task;
using TlsStream = asio::ssl::stream<Socket>;
constexpr std::size_t kTlsRecord = 16 * 1024;
constexpr Milliseconds kLinger{2'000};

/// The answer a connection waits for. A Reply holds it from any thread and
/// delivers on the connection's worker, where `arrived` wakes the coroutine.
struct Pending {
    explicit Pending(async::Executor e) : executor(e), arrived(e) {}
    async::Executor executor;
    async::Timer arrived;
    std::optional<Response> response;

    void deliver(Response answer) {
        response = std::move(answer);
        arrived.cancel();
    }
};

Reply make_reply(std::shared_ptr<Pending> pending) {
    return Reply{[pending = std::move(pending)](Response response) {
        const auto executor = pending->executor;
        if (executor.running_in_this_thread()) return pending->deliver(std::move(response));
        asio::post(executor, [pending, response = std::move(response)]() mutable {
            pending->deliver(std::move(response));
        });
    }};
}

struct ReadFailure {
    std::optional<Refusal> reason;  // none: the peer left or was idle, nothing to say
    int status = 0;
    std::string_view code, detail_zh;
};

ReadFailure timeout_in(Refusal part) { return {part, 408, "request_timeout", "请求没有在规定时间内发完"}; }

ReadFailure failure_of(const beast::error_code& error) {
    if (error == wire::error::header_limit || error == wire::error::buffer_overflow)
        return {Refusal::head_too_large, 431, "head_too_large", "请求头太长"};
    if (error == wire::error::body_limit)
        return {Refusal::body_too_large, 413, "body_too_large", "提交的内容太大"};
    if (error == wire::error::end_of_stream || error == wire::error::partial_message) return {};
    if (error.category() == wire::make_error_code(wire::error::bad_method).category())
        return {Refusal::bad_request, 400, "bad_request", "请求格式不正确"};
    return {};
}

template <class Stream>
class StreamConnection final : public Connection,
                               public std::enable_shared_from_this<StreamConnection<Stream>> {
  public:
    template <class... Args>
    StreamConnection(SharedState state, int worker, SharedContext context, Args&&... args)
        : owner_(std::move(state)),
          state_(*owner_),
          worker_(worker),
          context_(std::move(context)),
          stream_(std::forward<Args>(args)...),
          buffer_(state_.options.limits.head_bytes + 64 * 1024) {
        beast::error_code ignored;
        socket().set_option(Tcp::no_delay(true), ignored);
        const auto remote = socket().remote_endpoint(ignored);
        const auto parsed = net::IpAddress::parse(remote.address().to_string());
        if (!ignored && parsed) peer_ = parsed->text();
    }

    void start(std::function<void()> ended) override {
        asio::co_spawn(socket().get_executor(), run(this->shared_from_this()),
                       [ended = std::move(ended)](std::exception_ptr failure) {
                           if (failure) log_failure(failure);
                           ended();
                       });
    }

    void finish() override {
        finishing_ = true;
        if (channel_) channel_->end();
        if (!busy_) abort();
    }

    void abort() override {
        aborted_ = true;
        beast::error_code ignored;
        socket().close(ignored);
        if (pending_) pending_->arrived.cancel();
        if (channel_) channel_->end();
    }

    void check(SteadyTime now) override {
        if (now < deadline_) return;
        disarm();
        timed_out_ = true;
        beast::error_code ignored;
        socket().cancel(ignored);
    }

  private:
    static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

    static void log_failure(const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            log::error("http", "connection failed: {}", e.what());
        }
    }

    Socket& socket() {
        if constexpr (kTls)
            return stream_.next_layer();
        else
            return stream_;
    }
    /// The wait that begins now ends with timed_out_ when it lasts longer.
    void arm(Milliseconds limit) {
        timed_out_ = false;
        deadline_ = std::chrono::steady_clock::now() + limit;
    }
    void disarm() { deadline_ = SteadyTime::max(); }
    const ServerLimits& limits() const { return state_.options.limits; }

    /// Its argument keeps the connection while it runs.
    Task<> run([[maybe_unused]] std::shared_ptr<StreamConnection> self) {
        const bool welcome = state_.connections <= limits().connections;
        if (!welcome) co_await turn_away();
        const bool ready = welcome && co_await handshake();
        if (ready) co_await serve();
        abort();
    }

    Task<> serve() {
        bool more = true;
        while (more && !aborted_ && !finishing_) more = co_await serve_one();
        if (!aborted_) co_await linger();
    }

    Task<> turn_away() {
        state_.refuse(Refusal::too_many_connections);
        if (kTls) co_return;  // a handshake would cost more than the answer is worth
        const Request nobody;
        auto busy = problem(503, "too_many_connections", "服务器正忙，请稍后重试");
        busy.with("Retry-After", std::to_string(limits().retry_after_s));
        co_await send(nobody, std::move(busy), false);
        co_await linger();
    }

    // No `if constexpr` or else-if around co_await: g++ 12 gives such a coroutine wrong resume points.
    Task<bool> handshake() {
        arm(limits().handshake);
        const Error error = co_await handshake_over(stream_);
        if (error && !aborted_) state_.refuse(Refusal::tls_handshake);
        co_return !error;
    }
    static Task<Error> handshake_over(Socket&) { co_return Error{}; }
    static Task<Error> handshake_over(TlsStream& stream) {
        const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
        co_return error;
    }
    static Task<> say_goodbye(Socket&) { co_return; }
    static Task<> say_goodbye(TlsStream& stream) { co_await stream.async_shutdown(as_result); }

    /// True when the connection may carry another request.
    Task<bool> serve_one() {
        if (buffer_.size() == 0 && !co_await wait_for_bytes()) co_return false;
        busy_ = true;
        wire::request_parser<wire::string_body> parser;
        parser.header_limit(static_cast<std::uint32_t>(limits().head_bytes));
        parser.body_limit(limits().body_bytes);
        arm(limits().head);
        const auto [head_error, head_size] =
            co_await wire::async_read_header(stream_, buffer_, parser, as_result);
        if (timed_out_) co_return co_await refuse(timeout_in(Refusal::head_timeout));
        if (head_error) co_return co_await refuse(failure_of(head_error));
        auto request = to_request(parser.get().base());
        if (!request) co_return co_await refuse({Refusal::bad_request, 400, "bad_request", "请求格式不正确"});
        describe(*request);
        if (state_.options.admit)
            if (auto answer = state_.options.admit(*request)) {
                state_.refuse(Refusal::not_admitted);
                co_await send(*request, std::move(*answer), false);
                co_return false;
            }
        if (!parser.is_done()) {
            const auto failure = co_await read_body(parser);
            if (failure) co_return co_await refuse(*failure, &*request);
        }
        request->body = std::move(parser.get().body());
        disarm();
        const bool keep = co_await answer(std::move(*request), parser.keep_alive());
        busy_ = false;
        co_return keep;
    }

    void describe(Request& request) const {
        request.peer = request.socket_peer = peer_;
        request.tls = kTls;
        request.worker = worker_;
        apply_forwarding(request, state_.options.trusted_proxies);
    }

    Task<bool> wait_for_bytes() {
        busy_ = false;
        arm(limits().idle);
        const auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(1024), as_result);
        if (error) co_return false;
        buffer_.commit(size);
        co_return true;
    }

    template <class Parser>
    Task<std::optional<ReadFailure>> read_body(Parser& parser) {
        arm(limits().body);
        if (beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
            constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto [error, size] = co_await asio::async_write(stream_, asio::buffer(kGoOn), as_result);
            if (error) co_return ReadFailure{};
        }
        const auto [error, size] = co_await wire::async_read(stream_, buffer_, parser, as_result);
        if (timed_out_) co_return timeout_in(Refusal::body_timeout);
        co_return error ? std::optional{failure_of(error)} : std::nullopt;
    }

    Task<bool> refuse(ReadFailure failure, const Request* request = nullptr) {
        if (failure.reason && !aborted_) {
            state_.refuse(*failure.reason);
            Request unknown;
            describe(unknown);
            co_await send(request ? *request : unknown,
                          problem(failure.status, failure.code, failure.detail_zh), false);
        }
        co_return false;
    }

    Task<bool> answer(Request request, bool keep_alive) {
        const auto pending = std::make_shared<Pending>(socket().get_executor());
        pending_ = pending;
        const Request asked = brief(request);
        state_.router->handle(std::move(request), make_reply(pending));
        if (!pending->response) {
            pending->arrived.expires_after(limits().handler);
            co_await pending->arrived.async_wait(as_result);
        }
        pending_.reset();
        if (aborted_) co_return false;
        if (!pending->response) {
            state_.refuse(Refusal::handler_timeout);
            pending->response = problem(503, "handler_timeout", "服务器没有及时答复，请稍后重试");
        }
        auto& response = *pending->response;
        if (response.stream) {
            co_await stream_events(asked, std::move(response));
            co_return false;
        }
        co_return co_await send(asked, std::move(response), keep_alive && !finishing_);
    }

    /// What `finish` hooks and HEAD handling need once the request has moved to
    /// its handler.
    static Request brief(const Request& request) {
        Request copy;
        copy.method = request.method;
        copy.target = request.target;
        copy.path = request.path;
        copy.headers = request.headers;
        copy.peer = request.peer;
        copy.socket_peer = request.socket_peer;
        copy.tls = request.tls;
        copy.worker = request.worker;
        return copy;
    }

    Task<bool> send(const Request& request, Response response, bool keep_alive) {
        if (state_.options.finish) state_.options.finish(request, response);
        std::string head = response_head(response, keep_alive);
        ByteView body = request.method == "HEAD" ? ByteView{} : response_body(response);
        if (kTls && !body.empty()) {  // one record, one send for head and the body's
                                      // beginning
            const auto first =
                body.first(std::min(body.size(), kTlsRecord - std::min(head.size(), kTlsRecord)));
            head += as_text(first);
            body = body.subspan(first.size());
        }
        co_return co_await write(as_bytes(head), body) && keep_alive;
    }

    Task<bool> write(ByteView head, ByteView body) {
        while (!head.empty() || !body.empty()) {
            const std::array<asio::const_buffer, 2> buffers{asio::buffer(head.data(), head.size()),
                                                            asio::buffer(body.data(), body.size())};
            arm(limits().write_progress);
            const auto [error, sent] = co_await stream_.async_write_some(buffers, as_result);
            if (error) {
                if (timed_out_) state_.refuse(Refusal::slow_reader);
                co_return false;
            }
            state_.sent += sent;
            const auto from_head = std::min(sent, head.size());
            head = head.subspan(from_head);
            body = body.subspan(sent - from_head);
        }
        disarm();
        co_return true;
    }

    Task<> stream_events(const Request& request, Response response) {
        using namespace asio::experimental::awaitable_operators;
        const auto channel = std::dynamic_pointer_cast<EventChannel>(response.stream);
        if (!channel) co_return;
        channel_ = channel;
        response.with("Content-Type", "text/event-stream; charset=utf-8").with("Cache-Control", "no-store");
        if (state_.options.finish) state_.options.finish(request, response);
        const std::string head = response_head(response, false);
        if (request.method != "HEAD" && co_await write(as_bytes(head), {}))
            co_await (pump(*channel) || watch_for_close());
        if (channel->fell_behind()) state_.refuse(Refusal::slow_event_reader);
        channel->end();
        channel_.reset();
    }

    Task<> pump(EventChannel& channel) {
        const auto wake = std::make_shared<async::Timer>(socket().get_executor());
        const auto executor = socket().get_executor();
        channel.attach(limits().event_stream_unsent,
                       [wake, executor] { asio::post(executor, [wake] { wake->cancel(); }); });
        while (!aborted_) {
            std::string text = channel.take();
            if (text.empty() && !channel.open()) co_return;
            if (text.empty()) {
                wake->expires_after(limits().event_heartbeat);
                const auto [error] = co_await wake->async_wait(as_result);
                if (aborted_) co_return;
                text = channel.take();
                if (text.empty() && error) continue;
                if (text.empty()) text = ": here\n\n";
            }
            if (!co_await write(as_bytes(text), {})) co_return;
        }
    }

    /// Ends when the peer leaves; what it sends meanwhile is dropped.
    Task<> watch_for_close() {
        std::array<char, 512> dropped;
        while (!aborted_) {
            const auto [error, size] = co_await stream_.async_read_some(asio::buffer(dropped), as_result);
            if (error) co_return;
        }
    }

    /// Lets the peer read the last answer: closing with unread input would reset
    /// the connection.
    Task<> linger() {
        constexpr std::size_t kMost = 256 * 1024;
        arm(kLinger);
        co_await say_goodbye(stream_);
        beast::error_code ignored;
        socket().shutdown(Tcp::socket::shutdown_send, ignored);
        std::array<char, 4096> dropped;
        for (std::size_t total = 0; total < kMost && !aborted_ && !timed_out_;) {
            const auto [error, size] = co_await socket().async_read_some(asio::buffer(dropped), as_result);
            if (error) co_return;
            total += size;
        }
    }

    const SharedState owner_;
    ServerState& state_;
    const int worker_;
    const SharedContext context_;
    Stream stream_;
    beast::flat_buffer buffer_;
    std::string peer_;
    std::shared_ptr<Pending> pending_;
    std::shared_ptr<EventChannel> channel_;
    SteadyTime deadline_ = SteadyTime::max();
    bool timed_out_ = false;
    bool busy_ = false;
    bool finishing_ = false;
    bool aborted_ = false;
};

}  // namespace

std::shared_ptr<Connection> make_connection(Socket socket, SharedState state, int worker) {
    return std::make_shared<StreamConnection<Socket>>(std::move(state), worker, nullptr, std::move(socket));
}

std::shared_ptr<Connection> make_tls_connection(Socket socket, SharedState state, int worker,
                                                SharedContext context) {
    auto& native = *context;
    return std::make_shared<StreamConnection<TlsStream>>(std::move(state), worker, std::move(context),
                                                         std::move(socket), native);
}

}  // namespace tongke::http
