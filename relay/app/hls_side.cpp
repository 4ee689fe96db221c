#include "relay/app/hls_side.hpp"

#include <utility>

#include "relay/app/ticker.hpp"
#include "relay/http/hls_feed.hpp"
#include "relay/http/hls_service.hpp"

namespace tongke::relay {
namespace {

// Waiting reloads are answered this much late.
constexpr Milliseconds kTick{500};

HlsParts parts_of(StreamHub& hub, metrics::Metrics& metrics, const auth::PlayTokenVerifier& tokens,
                  OnRefusedPlay on_refused) {
    HlsParts parts{hub.clock(), metrics, hub.workers().size(), {}, {}, {}, {}};
    parts.post = [&hub](std::size_t worker, std::function<void()> work) {
        hub.workers().post(worker, std::move(work));
    };
    parts.verify = [&hub, &tokens](std::string_view token, std::string_view stream, auth::PlayMoment moment) {
        return tokens.verify(token, stream, hub.clock().wall(), moment);
    };
    parts.on_refused = [refused = std::move(on_refused)](const HlsRefusal& r) {
        refused(r.peer, r.stream, r.reason);
    };
    parts.on_clients = [&hub](const std::string& stream, int by) {
        if (auto* found = hub.find(stream)) found->count_subscriber(Transport::hls, by);
    };
    return parts;
}

}  // namespace

struct HlsSide::State {
    State(StreamHub& h, HlsParts parts) : hub(h), service(std::move(parts)) {}

    struct Feed {
        std::size_t home;
        StreamView* view;
        std::unique_ptr<HlsFeed> reader;
    };
    StreamHub& hub;
    HlsService service;
    std::vector<Feed> feeds;
    std::vector<std::unique_ptr<Ticker>> tickers;  // by worker
    bool started = false;
};

HlsSide::HlsSide(StreamHub& hub, metrics::Metrics& metrics, const std::vector<StreamConfig>& streams,
                 const auth::PlayTokenVerifier& tokens, OnRefusedPlay on_refused)
    : state_(std::make_unique<State>(hub, parts_of(hub, metrics, tokens, std::move(on_refused)))) {
    for (const auto& stream : streams) {
        state_->service.add_stream(stream.name, stream.settings.window_seconds);
        const auto home = hub.find(stream.name)->home();
        state_->feeds.push_back(
            {home, hub.view(home, stream.name), std::make_unique<HlsFeed>(state_->service, stream.name)});
    }
    for (std::size_t i = 0; i < hub.workers().size(); ++i)
        state_->tickers.push_back(std::make_unique<Ticker>(
            hub.workers().context(i), kTick, [&service = state_->service, i] { service.tick(i); }));
}

HlsSide::~HlsSide() { stop(); }

void HlsSide::add_routes(http::Router& router) { state_->service.register_routes(router); }
void HlsSide::finish(const http::Request& request, http::Response& response) {
    state_->service.finish(request, response);
}

void HlsSide::start() {
    auto& workers = state_->hub.workers();
    for (auto& feed : state_->feeds) workers.run_on(feed.home, [&feed] { feed.view->attach(*feed.reader); });
    for (std::size_t i = 0; i < state_->tickers.size(); ++i)
        workers.run_on(i, [&ticker = *state_->tickers[i]] { ticker.start(); });
    state_->started = true;
}

void HlsSide::stop() {
    if (!std::exchange(state_->started, false)) return;
    auto& workers = state_->hub.workers();
    for (auto& feed : state_->feeds) workers.run_on(feed.home, [&feed] { feed.view->detach(*feed.reader); });
    for (std::size_t i = 0; i < state_->tickers.size(); ++i)
        workers.run_on(i, [this, i] {
            state_->tickers[i]->stop();
            state_->service.stop(i);
        });
}

}  // namespace tongke::relay
