// The relay's own publisher of the test stream (QOE.md 5, C14): while a debug
// window is open it paints, encodes and appends frames like any encoder's, so
// that from the log on nothing knows the difference. Whoever publishes the
// stream from outside takes its place and gives it back by going. One thread of
// its own, below the media threads in priority. Owned by the program; stop it
// before the hub.
#pragma once
#include <memory>
#include <optional>

#include "common/metrics/metrics.hpp"
#include "relay/stream/stream_hub.hpp"
#include "relay/test_channel/generator.hpp"

namespace tongke::relay {

class TestChannel {
  public:
    TestChannel(Stream& stream, const Clock& clock, metrics::Metrics& metrics, TestChannelOptions options);
    ~TestChannel();
    TestChannel(const TestChannel&) = delete;
    TestChannel& operator=(const TestChannel&) = delete;

    void start();
    /// On the air with the digits of this secret, or off. Any thread; the same again does nothing.
    void broadcast(std::optional<Bytes> secret);
    /// Leaves the stream and joins the thread.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
