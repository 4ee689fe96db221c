// A stream that this relay pulls from others (CONTRACT.md §3 `upstream`): a
// province from the centre. Frames come over RTMP, or out of HLS segments, with
// the origin's numbers and marks; what was cut off is resumed. Lives on the
// stream's home worker: every call is there.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/metrics/metrics.hpp"
#include "common/time/clock.hpp"
#include "relay/stream/stream.hpp"

namespace boost::asio {
class io_context;
}

namespace tongke::relay {

/// An address of another relay's.
struct UpstreamAddress {
    std::string url;    // "rtmp(s)://HOST[:PORT]" or "http(s)://HOST[:PORT]"
    std::string token;  // of its own; "" = the file's
    bool operator==(const UpstreamAddress&) const = default;
};

struct UpstreamFeedOptions {
    std::vector<UpstreamAddress> addresses;  // in order of preference
    std::string token_file;  // read again for each connection and request, so that it may be renewed
    std::string ca_file;     // PEM; "" = the system's
};

class UpstreamFeed {
  public:
    /// `stream`, `clock` and `metrics` outlive this.
    UpstreamFeed(Stream& stream, boost::asio::io_context& home, const Clock& clock, metrics::Metrics& metrics,
                 UpstreamFeedOptions options);
    ~UpstreamFeed();
    UpstreamFeed(const UpstreamFeed&) = delete;
    UpstreamFeed& operator=(const UpstreamFeed&) = delete;

    void start();
    /// `stopped` is called once nothing is left running.
    void stop(std::function<void()> stopped);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
