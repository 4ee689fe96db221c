#include "common/http/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <deque>
#include <map>
#include <utility>

#include "common/http/client_link.hpp"
#include "common/log/log.hpp"
#include "common/net/tls_context.hpp"

namespace tongke::http {
namespace {

namespace asio = boost::asio;
using async::as_result;
using LinkPtr = std::unique_ptr<Link>;

struct Exchange {
    Exchange(asio::io_context& io, ClientRequest r, Client::Done d)
        : request(std::move(r)), done(std::move(d)), deadline(io) {}
    ClientRequest request;
    Client::Done done;
    async::Timer deadline;
    LinkPtr link;
    std::optional<ClientError> interrupted;

    void interrupt(ClientError why) {
        if (interrupted) return;
        interrupted = why;
        if (link) link->abandon();
    }
};

}  // namespace

std::string_view ClientAnswer::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_case_name) return value;
    return {};
}

struct Client::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& context, ClientOptions o)
        : io(context), options(std::move(o)), tls(asio::ssl::context::tls_client) {
        tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
        tls.set_verify_mode(options.pin_sha256_hex.empty() ? asio::ssl::verify_peer : asio::ssl::verify_none);
        if (const auto error = net::trust(tls, options.ca_file))
            log::error("http", "{}: {}", options.ca_file, error.message());
    }

    asio::io_context& io;
    ClientOptions options;
    asio::ssl::context tls;
    std::map<Id, std::shared_ptr<Exchange>> running;
    std::map<std::string, std::deque<LinkPtr>> idle;
    Id next_id = 1;
    bool stopping = false;
    std::function<void()> on_stopped;

    LinkPtr take_idle(const Url& url) {
        auto& links = idle[url.origin()];
        const auto oldest = std::chrono::steady_clock::now() - options.idle;
        while (!links.empty() && links.front()->idle_since < oldest) links.pop_front();
        if (links.empty()) return nullptr;
        auto link = std::move(links.back());
        links.pop_back();
        return link;
    }

    void keep(const Url& url, LinkPtr link) {
        if (stopping) return;
        auto& links = idle[url.origin()];
        link->idle_since = std::chrono::steady_clock::now();
        link->used = true;
        links.push_back(std::move(link));
        if (links.size() > options.idle_connections_per_origin) links.pop_front();
    }

    async::Task<Error> run_once(Exchange& exchange, const Url& url, Transfer& out, bool may_reuse) {
        exchange.link = may_reuse ? take_idle(url) : nullptr;
        if (!exchange.link) {
            exchange.link = std::make_unique<Link>(io.get_executor());
            if (const auto error = co_await open_link(*exchange.link, url, tls, options.pin_sha256_hex))
                co_return error;
        }
        if (exchange.interrupted) co_return *exchange.interrupted;
        out.answer.reused_connection = exchange.link->used;
        const auto bytes = request_bytes(exchange.request, url, options.user_agent);
        const auto error = co_await transfer(*exchange.link, exchange.request, bytes, out);
        if (!error && out.keep && !exchange.interrupted) keep(url, std::move(exchange.link));
        co_return error;
    }

    async::Task<Result<ClientAnswer>> run(std::shared_ptr<Exchange> exchange) {
        const auto url = Url::parse(exchange->request.url);
        if (!url) co_return ClientError::bad_url;
        Transfer out;
        auto error = co_await run_once(*exchange, *url, out, !exchange->request.fresh_connection);
        const bool safe = exchange->request.method == "GET" || exchange->request.method == "HEAD";
        if (error && out.answer.reused_connection && !out.got_byte && safe && !exchange->interrupted) {
            out = Transfer{};
            error = co_await run_once(*exchange, *url, out, false);
        }
        exchange->link.reset();
        if (exchange->interrupted) co_return *exchange->interrupted;
        if (error) co_return error;
        co_return std::move(out.answer);
    }

    void start(Id id, const std::shared_ptr<Exchange>& exchange) {
        exchange->deadline.expires_after(exchange->request.deadline);
        exchange->deadline.async_wait([weak = std::weak_ptr{exchange}](Error error) {
            const auto live = weak.lock();
            if (live && !error) live->interrupt(ClientError::deadline);
        });
        asio::co_spawn(io.get_executor(), run(exchange),
                       [self = shared_from_this(), id, exchange](std::exception_ptr failure, auto result) {
                           if (failure) result = ClientError::bad_response;
                           self->finish(id, *exchange, std::move(result));
                       });
    }

    void finish(Id id, Exchange& exchange, Result<ClientAnswer> result) {
        exchange.deadline.cancel();
        running.erase(id);
        const auto done = std::move(exchange.done);
        if (done) done(std::move(result));
        if (running.empty() && on_stopped) std::exchange(on_stopped, {})();
    }
};

Client::Client(asio::io_context& io, ClientOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(options))) {}

Client::~Client() = default;

Client::Id Client::send(ClientRequest request, Done done) {
    const auto id = impl_->next_id++;
    const auto exchange = std::make_shared<Exchange>(impl_->io, std::move(request), std::move(done));
    if (impl_->stopping) exchange->interrupted = ClientError::cancelled;
    impl_->running.emplace(id, exchange);
    // co_spawn would run up to the first wait here and now; callers expect the callback later.
    asio::post(impl_->io, [impl = impl_, id, exchange] {
        if (exchange->interrupted) return impl->finish(id, *exchange, *exchange->interrupted);
        impl->start(id, exchange);
    });
    return id;
}

void Client::cancel(Id id) {
    const auto found = impl_->running.find(id);
    if (found != impl_->running.end()) found->second->interrupt(ClientError::cancelled);
}

void Client::stop(std::function<void()> stopped) {
    impl_->stopping = true;
    impl_->on_stopped = std::move(stopped);
    impl_->idle.clear();
    const auto all = impl_->running;
    for (const auto& [id, exchange] : all) exchange->interrupt(ClientError::cancelled);
    asio::post(impl_->io, [impl = impl_] {
        if (impl->running.empty() && impl->on_stopped) std::exchange(impl->on_stopped, {})();
    });
}

void Client::drop_idle() { impl_->idle.clear(); }

}  // namespace tongke::http
