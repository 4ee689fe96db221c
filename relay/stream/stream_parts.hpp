// What the hub gives a stream when it makes it. Private to relay/stream.
#pragma once
#include <array>
#include <functional>
#include <vector>

#include "common/async/workers.hpp"
#include "common/metrics/metrics.hpp"
#include "common/time/clock.hpp"
#include "relay/stream/filler.hpp"
#include "relay/stream/stream_state.hpp"
#include "relay/stream/stream_view.hpp"

namespace tongke::relay {

/// The stream's own children of the metric families (CONTRACT.md §8).
struct StreamMetrics {
    StreamMetrics(metrics::Metrics& metrics, const std::string& stream);
    prometheus::Gauge& publisher_up;
    prometheus::Counter& received_bytes;
    std::array<prometheus::Counter*, 2> frames;  // by TrackKind
    prometheus::Histogram& gap_seconds;
    std::array<prometheus::Gauge*, kTransports> subscribers;  // by Transport
    prometheus::Counter& repairs;
    prometheus::Gauge& slate;
};

struct StreamParts {
    const async::Workers& workers;
    std::size_t home;
    std::vector<StreamView*> views;  // by worker
    const Clock& clock;
    StreamMetrics metrics;
    StreamState state;
    /// Makes the slate that goes with a source, elsewhere; `done` comes on the home worker, with null where
    /// it cannot be made. May be empty: no slate.
    std::function<void(StreamSetup source, std::function<void(SharedStill)> done)> make_slate;
};

}  // namespace tongke::relay
