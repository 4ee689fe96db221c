#include "relay/http/hls_service.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>

#include "common/auth/error.hpp"
#include "common/hls/presentation.hpp"
#include "relay/http/hls_clients.hpp"

namespace tongke::relay {
namespace {

constexpr std::size_t kRecent = 16;
constexpr std::string_view kPrefix = "/hls/";
constexpr std::string_view kTsFolder = "ts/";
constexpr std::size_t kContainers = 2;

std::size_t index_of(hls::Container container) { return static_cast<std::size_t>(container); }

http::Response refusal(const Error& error) {
    const std::string code = auth::reason_of(error);
    if (error == auth::AuthError::not_this_stream)
        return http::problem(403, code, "这个播放凭证不能用于这路直播，请联系管理员。");
    if (error == auth::AuthError::expired || error == auth::AuthError::join_over)
        return http::problem(403, code, "播放凭证已经过期，请重新获取。");
    return std::move(
        http::problem(401, code, "播放凭证无效，请重新获取。").with("WWW-Authenticate", "Bearer"));
}

/// Out of which every worker sends it without a copy.
hls::SharedSegment in_memory_file(const hls::Segment& segment) {
    auto kept = std::make_shared<hls::Segment>(segment);
    if (segment.data) kept->data = Blob::in_memory_file(*segment.data);
    return kept;
}

/// refuse() has counted it.
http::Response counted(http::Response refused) {
    refused.counted_as.clear();
    return refused;
}

http::Response no_token() {
    return std::move(http::problem(401, "no_token", "请带上播放凭证（Authorization: Bearer 或 ?token=）。")
                         .with("WWW-Authenticate", "Bearer"));
}

}  // namespace

struct HlsService::State {
    /// What all workers share of a stream in one container.
    struct Rendition {
        std::atomic<std::int64_t> newest_msn{-1};
        std::mutex mutex;  // taken at a segment's end, and by a worker that is behind
        std::deque<hls::SharedSegment> recent;
        bool recent_is_all = true;
    };
    struct Stream {
        std::string name;
        HlsClients clients;
        std::array<Rendition, kContainers> renditions;  // by hls::Container
    };
    struct Presentations {
        explicit Presentations(const hls::PresentationConfig& config)
            : by_container{hls::Presentation{config}, hls::Presentation{config}} {}
        std::array<hls::Presentation, kContainers> by_container;
    };
    struct Worker {
        std::map<std::string, Presentations, std::less<>> presentations;
    };

    explicit State(HlsParts given)
        : parts(std::move(given)),
          sent(parts.metrics.counter("tongke_sent_bytes_total", "bytes sent to players",
                                     {{"transport", "hls"}})) {
        for (std::size_t i = 0; i < parts.workers; ++i) workers.push_back(std::make_unique<Worker>());
    }

    void answer(const http::Request& request, http::Reply reply);
    bool allowed(const http::Request& request, const Stream& stream, std::string_view token,
                 std::string_view path, const http::Reply& reply);
    void refuse(const http::Request& request, const Stream& stream, const std::string& reason);
    void catch_up(Rendition& rendition, hls::Presentation& presentation);
    hls::Presentation& presentation(std::size_t worker, std::string_view stream, hls::Container container) {
        return workers[worker]->presentations.find(stream)->second.by_container[index_of(container)];
    }

    HlsParts parts;
    prometheus::Counter& sent;
    std::map<std::string, std::unique_ptr<Stream>, std::less<>> streams;
    std::vector<std::unique_ptr<Worker>> workers;
};

HlsService::HlsService(HlsParts parts) : state_(std::make_unique<State>(std::move(parts))) {}
HlsService::~HlsService() = default;

void HlsService::add_stream(const std::string& name, double window_seconds) {
    auto stream = std::make_unique<State::Stream>();
    stream->name = name;
    state_->streams.insert_or_assign(name, std::move(stream));
    const hls::PresentationConfig config{.window_seconds = window_seconds};
    for (auto& worker : state_->workers) worker->presentations.try_emplace(name, config);
}

void HlsService::register_routes(http::Router& router) {
    router.add("GET", "/hls/{stream}/{path...}",
               [state = state_.get()](const http::Request& request, http::Reply reply) {
                   state->answer(request, std::move(reply));
               });
    router.add("OPTIONS", "/hls/{stream}/{path...}", [](const http::Request&, http::Reply reply) {
        http::Response response{.status = 204};
        response.with("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
            .with("Access-Control-Allow-Headers", "Authorization, Range")
            .with("Access-Control-Max-Age", "86400");
        reply(std::move(response));
    });
}

void HlsService::finish(const http::Request& request, http::Response& response) {
    if (!std::string_view{request.path}.starts_with(kPrefix)) return;
    static const auto kAnyOrigin = [] {
        http::HeaderLines lines;
        lines.add("Access-Control-Allow-Origin", "*");
        lines.add("Access-Control-Expose-Headers", "Content-Length, Date, Retry-After");
        return lines;
    }();
    response.headers.add(kAnyOrigin);
    const auto body = response.shared ? response.shared->size() : response.text.size();
    if (request.method != "HEAD" && body > 0) state_->sent.Increment(static_cast<double>(body));
}

void HlsService::State::answer(const http::Request& request, http::Reply reply) {
    const auto found = streams.find(request.capture("stream"));
    std::string_view path = request.capture("path");
    const auto container = path.starts_with(kTsFolder) ? hls::Container::ts : hls::Container::fmp4;
    if (container == hls::Container::ts) path.remove_prefix(kTsFolder.size());
    if (found == streams.end()) return reply(http::problem(404, "unknown_stream", "没有这路直播。"));
    Stream& stream = *found->second;
    const auto bearer = request.bearer_token();
    const auto in_query = bearer.empty() ? request.query_value("token").value_or("") : std::string{};
    const auto token = bearer.empty() ? std::string_view{in_query} : bearer;
    if (!allowed(request, stream, token, path, reply)) return;
    if (const int more = stream.clients.seen(token, request, parts.clock.now()); more != 0)
        parts.on_clients(stream.name, more);

    hls::Delivery delivery;
    if (bearer.empty()) delivery = {"?token=" + in_query, hls::Caching::personal};
    auto& asked =
        presentation(static_cast<std::size_t>(request.worker) % workers.size(), stream.name, container);
    catch_up(stream.renditions[index_of(container)], asked);
    asked.answer(request, path, delivery, parts.clock.now(), std::move(reply));
}

bool HlsService::State::allowed(const http::Request& request, const Stream& stream, std::string_view token,
                                std::string_view path, const http::Reply& reply) {
    if (token.empty()) {
        refuse(request, stream, "no_token");
        reply(counted(no_token()));
        return false;
    }
    const auto moment = path == "index.m3u8" ? auth::PlayMoment::join : auth::PlayMoment::stay;
    const auto grant = parts.verify(token, stream.name, moment);
    if (grant) return true;
    refuse(request, stream, auth::reason_of(grant.error()));
    reply(counted(refusal(grant.error())));
    return false;
}

void HlsService::State::refuse(const http::Request& request, const Stream& stream,
                               const std::string& reason) {
    parts.metrics.counter("tongke_refused_total", "what was refused, by reason", {{"reason", reason}})
        .Increment();
    if (parts.on_refused) parts.on_refused({request.peer, stream.name, reason});
}

/// Adds what other workers may already have named to their clients.
void HlsService::State::catch_up(Rendition& rendition, hls::Presentation& presentation) {
    const auto newest = rendition.newest_msn.load(std::memory_order_acquire);
    const auto have = presentation.last_msn();
    if (newest < 0 || have == newest) return;
    std::vector<hls::SharedSegment> missing;
    {
        const std::lock_guard lock(rendition.mutex);
        auto from = rendition.recent.begin();
        while (have && from != rendition.recent.end() && (*from)->msn != *have) ++from;
        if (have && from != rendition.recent.end()) ++from;
        if (have || rendition.recent_is_all) missing.assign(from, rendition.recent.end());
    }
    for (auto& segment : missing) presentation.add(std::move(segment), parts.clock.now());
}

void HlsService::publish(const std::string& name, hls::SharedSegment segment) {
    const auto found = state_->streams.find(name);
    if (found == state_->streams.end() || !segment) return;
    segment = in_memory_file(*segment);
    State::Rendition& rendition = found->second->renditions[index_of(segment->container)];
    {
        const std::lock_guard lock(rendition.mutex);
        rendition.recent.push_back(segment);
        if (rendition.recent.size() > kRecent) {
            rendition.recent.pop_front();
            rendition.recent_is_all = false;
        }
    }
    rendition.newest_msn.store(segment->msn, std::memory_order_release);
    for (std::size_t i = 0; i < state_->workers.size(); ++i)
        state_->parts.post(i, [state = state_.get(), i, name, segment] {
            auto& presentation = state->presentation(i, name, segment->container);
            if (presentation.last_msn() && segment->msn <= *presentation.last_msn())
                return;  // caught up before
            presentation.add(segment, state->parts.clock.now());
        });
}

void HlsService::stream_ended(const std::string& name) {
    const auto found = state_->streams.find(name);
    if (found == state_->streams.end()) return;
    for (std::size_t i = 0; i < state_->workers.size(); ++i)
        state_->parts.post(i, [state = state_.get(), i, name] {
            for (auto& presentation : state->workers[i]->presentations.find(name)->second.by_container)
                presentation.go_offline(state->parts.clock.now());
        });
}

void HlsService::tick(std::size_t worker) {
    const auto now = state_->parts.clock.now();
    for (auto& [name, presentations] : state_->workers[worker]->presentations)
        for (auto& presentation : presentations.by_container) presentation.expire(now);
    if (worker != 0) return;
    for (auto& [name, stream] : state_->streams)
        if (const int gone = stream->clients.forget(now); gone != 0) state_->parts.on_clients(name, gone);
}

void HlsService::stop(std::size_t worker) {
    for (auto& [name, presentations] : state_->workers[worker]->presentations)
        for (auto& presentation : presentations.by_container) presentation.release_waiting();
}

}  // namespace tongke::relay
