// All streams of the process, and every worker's view of each. Streams are
// added before start() and never removed, so that looking one up needs no lock.
// Owned by the program; the workers must be running between start() and stop().
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/async/workers.hpp"
#include "common/metrics/metrics.hpp"
#include "common/time/clock.hpp"
#include "relay/stream/stream.hpp"
#include "relay/stream/stream_view.hpp"

namespace tongke::relay {

class StreamHub {
  public:
    /// State is kept in data_dir/streams. `way`: how the workers' flushes reach plain sockets.
    StreamHub(async::Workers& workers, metrics::Metrics& metrics, const Clock& clock,
              std::filesystem::path data_dir, net::SendBurst::Way way);
    ~StreamHub();
    StreamHub(const StreamHub&) = delete;
    StreamHub& operator=(const StreamHub&) = delete;

    /// Before start(). Throws when the stream's state on disk cannot be used.
    void add(const std::string& name, const StreamOptions& options);
    void start();
    /// After every session and reader has gone. Not from a worker.
    void stop();

    std::vector<std::string> names() const;
    /// Any thread; null when there is no such stream.
    Stream* find(std::string_view name) const;
    /// Only on that worker; null when there is no such stream.
    StreamView* view(std::size_t worker, std::string_view name) const;
    /// `done` is called once, on a worker.
    void snapshot(std::function<void(std::vector<StreamInfo>)> done) const;

    async::Workers& workers() const;
    const Clock& clock() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
