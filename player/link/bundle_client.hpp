// Keeps the county's bundle: the last one from disk at once, so that a class
// starts while the centre is away; then one blocking request after another to
// the relay. What arrives is verified with the pinned key, written to disk,
// then handed over. On the I/O thread.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "player/link/relay_calls.hpp"
#include "player/rooms/bundle.hpp"

namespace boost::asio {
class io_context;
}

namespace tongke::player {

struct BundlePorts {
    std::function<void(SharedBundle)> changed;
    /// Runs work on the disk thread, then `done` on the I/O thread.
    std::function<void(std::function<void()> work, std::function<void()> done)> on_disk;
    std::function<double()> random;  // [0, 1)
};

class BundleClient {
  public:
    /// `path`: where the JWS is kept. `calls` and `identity` outlive this.
    BundleClient(boost::asio::io_context& io, RelayCalls& calls, const Identity& identity, std::string path,
                 BundlePorts ports);
    ~BundleClient();
    BundleClient(const BundleClient&) = delete;

    /// Reads the file (blocking, start-up) and calls `changed` if it holds; then begins to ask.
    void start();
    void stop();

    bool reached_relay() const;  // the last request was answered

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace tongke::player
