// Watches every stream's source on a thread of its own, below the media threads
// in priority, and tells the stream what it finds (black, frozen, silent), so
// that the operator sees it before the classrooms do. What it cannot keep up with
// is left out and counted; the lesson never waits for it. Owned by the program;
// stop it before the hub.
#pragma once
#include <memory>

#include "common/metrics/metrics.hpp"
#include "relay/stream/stream_hub.hpp"

namespace tongke::relay {

class IngestHealth {
  public:
    IngestHealth(StreamHub& hub, metrics::Metrics& metrics);
    ~IngestHealth();
    IngestHealth(const IngestHealth&) = delete;
    IngestHealth& operator=(const IngestHealth&) = delete;

    /// After the hub's.
    void start();
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
