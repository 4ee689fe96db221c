// HLS at the relay (CONTRACT.md §5): GET /hls/STREAM/PATH in fMP4, the same below
// /hls/STREAM/ts/ in TS, the play token checked on every request, playlists and segments from memory. Each
// worker has its own hls::Presentation of every stream and answers its own connections from it; a request
// takes two short locks, for the tokens known and for who is watching (HlsClients). A finished segment
// reaches every worker by one post. Owned by the program, outlives server and workers. Streams are added
// before the server starts. What a client was told by one worker is true on all others: a worker that is
// asked before its post has come catches up first.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/play_token.hpp"
#include "common/hls/segment.hpp"
#include "common/http/router.hpp"
#include "common/metrics/metrics.hpp"
#include "common/time/clock.hpp"

namespace tongke::relay {

/// Checks a token for a stream now; thread-safe. auth::PlayTokenVerifier behind it.
using VerifyPlay = std::function<Result<auth::PlayToken>(std::string_view token, std::string_view stream,
                                                         auth::PlayMoment moment)>;

struct HlsRefusal {
    std::string peer;
    std::string stream;
    std::string reason;  // no_token, or auth::reason_of: expired, not_this_stream …
};

struct HlsParts {
    const Clock& clock;
    metrics::Metrics& metrics;
    std::size_t workers = 1;
    /// Runs work on a worker; work posted by one thread to one worker stays in order.
    std::function<void(std::size_t worker, std::function<void()> work)> post;
    VerifyPlay verify;
    /// For the audit trail; any worker.
    std::function<void(const HlsRefusal&)> on_refused;
    /// The number of HLS clients of a stream changed; any worker.
    std::function<void(const std::string& stream, int by)> on_clients;
};

class HlsService {
  public:
    explicit HlsService(HlsParts parts);
    ~HlsService();
    HlsService(const HlsService&) = delete;
    HlsService& operator=(const HlsService&) = delete;

    void add_stream(const std::string& name, double window_seconds);
    /// Handlers run on the connection's own worker (Request::worker).
    void register_routes(http::Router& router);
    /// For http::ServerOptions::finish: pages of any origin may read every answer below /hls/, refusals of
    /// the server included; its body's bytes are counted. Any worker.
    void finish(const http::Request& request, http::Response& response);

    /// A finished segment, in order of MSN for each container; always from the same thread for one stream.
    void publish(const std::string& stream, hls::SharedSegment segment);
    /// No publisher came back within grace_seconds; same thread as publish().
    void stream_ended(const std::string& stream);

    /// On that worker, a few times a second.
    void tick(std::size_t worker);
    /// On that worker, before the server stops: lets blocked reloads go.
    void stop(std::size_t worker);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
