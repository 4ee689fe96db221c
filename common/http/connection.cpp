#include "common/http/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/error.hpp>

#include "common/async/aliases.hpp"
#include "common/http/event_channel.hpp"
#include "common/http/head.hpp"
#include "common/http/pending.hpp"
#include "common/http/request_parser.hpp"
#include "common/http/server_stream.hpp"
#include "common/log/sparse.hpp"

namespace tongke::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using Tcp = asio::ip::tcp;
using async::as_result;
using async::Task;
constexpr std::size_t kTlsRecord = 16 * 1024;
constexpr Milliseconds kLinger{2'000};
constexpr std::size_t kFirstRead = 1024, kReadAtOnce = 64 * 1024;
constexpr std::size_t kKeptIdle = 4 * 1024;
constexpr std::size_t kMostLingering = 256 * 1024;

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
          io_(std::forward<Args>(args)...),
          buffer_(state_.options.limits.head_bytes + 64 * 1024) {
        beast::error_code ignored;
        const auto remote = io_.socket().remote_endpoint(ignored);
        const auto parsed = net::IpAddress::parse(remote.address().to_string());
        if (ignored || !parsed) return;
        peer_ = parsed->text();
        by_proxy_ = net::contains(state_.options.trusted_proxies, *parsed);
    }

    void start(Welcome welcome, std::function<void()> ended) override {
        asio::co_spawn(io_.socket().get_executor(), run(this->shared_from_this(), welcome),
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
        io_.close();
        if (pending_) pending_->stop_waiting();
        if (channel_) channel_->end();
    }

    void check(SteadyTime now) override { io_.check(now); }

    std::optional<Idle> idle() const override {
        if (busy_) return std::nullopt;
        return Idle{has_asked_, idle_since_};
    }

  private:
    static constexpr bool kTls = ServerStream<Stream>::kTls;
    using Output = typename ServerStream<Stream>::Output;
    using Until = RequestParser::Until;

    static void log_failure(const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            log::error("http", "connection failed: {}", e.what());
        }
    }

    const ServerLimits& limits() const { return state_.options.limits; }

    /// Its argument keeps the connection while it runs.
    Task<> run([[maybe_unused]] std::shared_ptr<StreamConnection> self, Welcome welcome) {
        if (welcome.refusal) co_await turn_away(welcome);
        const bool ready = !welcome.refusal && co_await shake_hands();
        if (ready) co_await serve();
        abort();
    }

    Task<> serve() {
        bool more = true;
        while (more && !aborted_ && !finishing_) more = co_await serve_one();
        if (!aborted_) co_await io_.linger(kLinger, kMostLingering);
    }

    /// Counted, and in the log.
    void note(Refusal reason) {
        state_.refuse(reason);
        say(peer_, kRefusalNames[static_cast<std::size_t>(reason)]);
    }

    static void say(const std::string& peer, std::string_view reason) {
        log::sparse(log::Level::info, "http", reason, "{}: refused: {}", peer, reason);
    }

    Task<> turn_away(Welcome welcome) {
        busy_ = true;
        note(*welcome.refusal);
        if (kTls) co_return;  // a handshake would cost more than the answer is worth
        const Request nobody;
        auto busy =
            problem(503, kRefusalNames[static_cast<std::size_t>(*welcome.refusal)], "服务器正忙，请稍后重试");
        busy.with("Retry-After", std::to_string(welcome.retry_after_s));
        co_await send(nobody, std::move(busy), false);
        // A flood of them may not take the places of those who are served.
        const bool room = state_.connections < limits().connections / 2;
        if (room) co_await io_.linger(kLinger, kMostLingering);
    }

    Task<bool> shake_hands() {
        const Error error = co_await io_.handshake(limits().handshake);
        if (error && !aborted_) note(Refusal::tls_handshake);
        co_return !error;
    }

    /// True when the connection may carry another request.
    Task<bool> serve_one() {
        if (!co_await wait_for_bytes()) co_return false;
        RequestParser parser{limits().head_bytes, limits().body_bytes};
        io_.arm(limits().head);
        beast::error_code error = parser.read(buffer_, Until::head);
        if (error == wire::error::need_more) error = co_await read_on(parser, Until::head);
        if (io_.timed_out()) co_return co_await refuse(timeout_in(Refusal::head_timeout));
        if (error) co_return co_await refuse(failure_of(error));
        const auto request = parser.request();
        busy_ = has_asked_ = true;  // until here who drips a head is as idle as who sends nothing
        describe(*request);
        if (state_.options.admit)
            if (auto answer = state_.options.admit(*request)) {
                state_.refuse(Refusal::not_admitted);
                if (answer->status >= 400) say(request->peer, answer->counted_as);
                co_await send(*request, std::move(*answer), false);
                co_return false;
            }
        if (!parser.is_done()) {
            const auto failure = co_await read_body(parser);
            if (failure) co_return co_await refuse(*failure, request.get());
        }
        io_.disarm();
        if (aborted_) co_return false;
        const auto pending = std::make_shared<Pending>(io_.socket().get_executor());
        pending_ = pending;
        state_.router->handle(request, make_reply(pending));
        if (!pending->response) co_await wait_for_answer(*pending);
        pending_.reset();
        if (aborted_) co_return false;
        count_answer(*pending, *request);
        if (pending->response->stream) {
            co_await stream_events(*request, std::move(*pending->response));
            busy_ = false;
            co_return false;
        }
        const bool keep = parser.keep_alive() && !finishing_;
        const bool may_go_on = co_await send(*request, std::move(*pending->response), keep);
        busy_ = false;
        co_return may_go_on;
    }

    Task<beast::error_code> read_on(RequestParser& parser, Until until) {
        beast::error_code error = wire::error::need_more;
        while (error == wire::error::need_more && !io_.timed_out()) {
            const auto room = beast::read_size(buffer_, kReadAtOnce);
            if (room == 0) co_return wire::error::buffer_overflow;
            const auto [failure, size] =
                co_await io_.stream().async_read_some(buffer_.prepare(room), as_result);
            if (failure) co_return failure;
            buffer_.commit(size);
            error = parser.read(buffer_, until);
        }
        co_return error;
    }

    void describe(Request& request) const {
        request.peer = request.socket_peer = peer_;
        request.tls = kTls;
        request.worker = worker_;
        if (by_proxy_) apply_forwarding(request, state_.options.trusted_proxies);
    }

    Task<bool> wait_for_bytes() {
        busy_ = false;
        idle_since_ = std::chrono::steady_clock::now();
        if (buffer_.size() > 0) {  // who sends many at once lets the others have their turn after each
            co_await asio::post(io_.socket().get_executor(), as_result);
            co_return !aborted_;
        }
        if (buffer_.capacity() > kKeptIdle) buffer_.shrink_to_fit();
        // Who has never asked for anything gets no longer than for a request.
        io_.arm(has_asked_ ? limits().idle : std::min(limits().head, limits().idle));
        const auto [error, size] =
            co_await io_.stream().async_read_some(buffer_.prepare(kFirstRead), as_result);
        if (error) co_return false;
        buffer_.commit(size);
        co_return true;
    }

    Task<std::optional<ReadFailure>> read_body(RequestParser& parser) {
        io_.arm(limits().body);
        if (beast::iequals(parser.request()->header("expect"), "100-continue")) {
            constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto [error, size] =
                co_await asio::async_write(io_.stream(), asio::buffer(kGoOn), as_result);
            if (error) co_return ReadFailure{};
        }
        beast::error_code error = parser.read(buffer_, Until::end);
        if (error == wire::error::need_more) error = co_await read_on(parser, Until::end);
        if (io_.timed_out()) co_return timeout_in(Refusal::body_timeout);
        if (error == wire::error::buffer_overflow) error = wire::error::body_limit;
        co_return error ? std::optional{failure_of(error)} : std::nullopt;
    }

    Task<bool> refuse(ReadFailure failure, const Request* request = nullptr) {
        if (failure.reason && !aborted_) {
            note(*failure.reason);
            Request unknown;
            describe(unknown);
            co_await send(request ? *request : unknown,
                          problem(failure.status, failure.code, failure.detail_zh), false);
        }
        co_return false;
    }

    Task<> wait_for_answer(Pending& pending) {
        pending.arrived.emplace(pending.executor, limits().handler);
        co_await pending.arrived->async_wait(as_result);
        if (aborted_ || pending.response) co_return;
        note(Refusal::handler_timeout);
        pending.response = problem(503, "handler_timeout", "服务器没有及时答复，请稍后重试");
    }

    void count_answer(const Pending& pending, const Request& asked) {
        const auto& response = *pending.response;
        if (response.counted_as.empty()) return;
        state_.count(response.counted_as);
        // Who lacks a right is in the audit log; what is malformed would be nowhere.
        if (response.status == 400 || response.status == 413 || response.status == 415)
            say(asked.peer, response.counted_as);
    }

    Task<bool> send(const Request& request, Response response, bool keep_alive) {
        if (state_.options.finish) state_.options.finish(request, response);
        std::string head = response_head(response, keep_alive);
        ByteView body = request.method == "HEAD" ? ByteView{} : response_body(response);
        const int file = response.shared && !body.empty() ? response.shared->file() : -1;
        if (kTls && !body.empty()) {  // one record, one send for head and the body's beginning
            const auto first =
                body.first(std::min(body.size(), kTlsRecord - std::min(head.size(), kTlsRecord)));
            head += as_text(first);
            body = body.subspan(first.size());
        }
        Output output{as_bytes(head), body, file};
        // Most answers go whole, and then there is nothing to wait for.
        if (io_.write_now(output, state_.sent)) co_return keep_alive;
        co_return co_await write(output) && keep_alive;
    }

    Task<bool> write(Output output) {
        const bool done = co_await io_.write(output, limits().write_progress, state_.sent);
        if (!done && io_.timed_out()) note(Refusal::slow_reader);
        co_return done;
    }

    Task<> stream_events(const Request& request, Response response) {
        using namespace asio::experimental::awaitable_operators;
        const auto channel = std::dynamic_pointer_cast<EventChannel>(response.stream);
        if (!channel) co_return;
        channel_ = channel;
        response.with("Content-Type", "text/event-stream; charset=utf-8").with("Cache-Control", "no-store");
        if (state_.options.finish) state_.options.finish(request, response);
        const std::string head = response_head(response, false);
        const bool is_open = co_await write({as_bytes(head), {}});
        if (is_open && request.method != "HEAD") co_await (pump(*channel) || watch_for_close());
        if (channel->fell_behind()) note(Refusal::slow_event_reader);
        channel->end();
        channel_.reset();
    }

    Task<> pump(EventChannel& channel) {
        const auto wake = std::make_shared<async::Timer>(io_.socket().get_executor());
        const auto executor = io_.socket().get_executor();
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
            if (!co_await write({as_bytes(text), {}})) co_return;
        }
    }

    /// Ends when the peer leaves; what it sends meanwhile is dropped.
    Task<> watch_for_close() {
        std::array<char, 512> dropped;
        while (!aborted_) {
            const auto [error, size] =
                co_await io_.stream().async_read_some(asio::buffer(dropped), as_result);
            if (error) co_return;
        }
    }

    const SharedState owner_;
    ServerState& state_;
    const int worker_;
    const SharedContext context_;
    ServerStream<Stream> io_;
    beast::flat_buffer buffer_;
    std::string peer_;
    bool by_proxy_ = false;  // one that we trust
    std::shared_ptr<Pending> pending_;
    std::shared_ptr<EventChannel> channel_;
    SteadyTime idle_since_ = std::chrono::steady_clock::now();
    bool has_asked_ = false;
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
