// The running relay: workers with their streams, sessions and HTTP
// connections, the control thread with everything else (DESIGN.md §6). Made,
// started, reloaded and stopped from the program's main thread.
#pragma once
#include <cstdint>
#include <memory>

#include "common/time/clock.hpp"
#include "relay/app/config.hpp"

namespace tongke::relay {

class Relay {
  public:
    Relay(RelayConfig config, const Clock& clock);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    /// Locks the data folder, makes what is missing in it, opens every listener.
    /// Throws std::exception with words for the operator; stop() is safe after that.
    void start();
    /// SIGHUP: log level and file, certificates. What is wrong is logged, the old stays.
    void reload(const RelayConfig& fresh);
    /// Stops accepting, ends sessions, waits for all of it; nothing is left (at most about 5 s).
    void stop();

    std::uint16_t rtmp_port() const;
    std::uint16_t rtmps_port() const;  // 0: off
    std::uint16_t http_port() const;
    std::uint16_t https_port() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::relay
