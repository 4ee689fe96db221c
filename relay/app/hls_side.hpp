// The HLS side of the relay, wired: one packager a stream on the stream's home
// worker, its segments served by every worker (CONTRACT.md §5). Made, started
// and stopped from the program's main thread while hub and workers run.
#pragma once
#include <functional>
#include <memory>

#include "common/auth/play_token.hpp"
#include "common/http/router.hpp"
#include "common/metrics/metrics.hpp"
#include "relay/app/config.hpp"
#include "relay/stream/stream_hub.hpp"

namespace tongke::relay {

/// A play token that was refused: peer, stream, reason.
using OnRefusedPlay = std::function<void(const std::string&, const std::string&, const std::string&)>;

class HlsSide {
  public:
    HlsSide(StreamHub& hub, metrics::Metrics& metrics, const std::vector<StreamConfig>& streams,
            const auth::PlayTokenVerifier& tokens, OnRefusedPlay on_refused);
    ~HlsSide();

    void add_routes(http::Router& router);
    /// For http::ServerOptions::finish; see HlsService::finish().
    void finish(const http::Request& request, http::Response& response);
    void start();
    /// Before the HTTP server stops: reloads that wait are answered, packagers let go.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
