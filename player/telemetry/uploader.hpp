// Sends the spool to the relay: at least once, in batches, with the room
// summaries as a heartbeat. UploadSchedule is the pure part (when, and after
// which failure); Uploader joins it to a sender and a timer given as functions,
// so it owns no socket. On the I/O thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/time/clock.hpp"
#include "player/telemetry/spool.hpp"

namespace tongke::telemetry {

/// Heartbeats one window apart (the relay sets it); news at once, but at most one a second; after a
/// failure: first retry immediate, then full jitter, base one window, cap 60 s (TRAPS.md 1.10).
class UploadSchedule {
  public:
    /// `random` in [0, 1).
    explicit UploadSchedule(std::function<double()> random, Milliseconds window = Milliseconds{5000});

    void begin(SteadyTime now);    // the process starts; first upload within half a window
    void started(SteadyTime now);  // an upload begins
    void succeeded(SteadyTime now, std::optional<double> window_s, bool more_waiting);
    void failed(SteadyTime now, std::optional<double> retry_after_s = {});
    void news(SteadyTime now);  // something was spooled
    bool in_flight() const { return in_flight_; }
    /// When the next upload is due; empty while one is in flight.
    std::optional<SteadyTime> due() const;
    Milliseconds window() const { return window_; }
    int failures() const { return failures_; }

  private:
    std::function<double()> random_;
    Milliseconds window_;
    SteadyTime due_{}, last_start_{};
    bool in_flight_ = false;
    bool news_ = false;
    int failures_ = 0;
};

struct Acknowledgement {
    std::string boot;
    std::uint64_t seq = 0;
    std::optional<double> window_s;
};
/// {"acknowledged":{"boot","seq"}|null,"window_s":5}; anything else is an error.
Result<Acknowledgement> parse_acknowledgement(std::string_view json);

/// The upload's body; `rooms` and `upstream` are JSON texts (an array, an object).
std::string upload_body(std::string_view node, std::string_view boot,
                        const std::optional<Spool::Batch>& batch, std::string_view sent_at,
                        std::string_view rooms, std::string_view upstream);

struct UploaderPorts {
    struct Answer {
        int status = 0;
        std::string body;
        std::optional<double> retry_after_s;
    };
    /// POST /api/v1/node/telemetry with this body, signed; calls back once, never inside the call.
    std::function<void(std::string body, std::function<void(Result<Answer>)>)> post;
    /// Calls back after the delay; a new call replaces the one waiting; an empty function cancels.
    std::function<void(Milliseconds, std::function<void()>)> wait;
    std::function<std::string()> rooms;     // JSON array of the room summaries now
    std::function<std::string()> upstream;  // JSON object
    std::function<std::string()> node;      // node id; "" while not enrolled: nothing is sent
    std::function<double()> random;
};

class Uploader {
  public:
    Uploader(Spool& spool, const Clock& clock, UploaderPorts ports);
    ~Uploader();
    void start();
    /// Something was spooled or a room's state changed: send soon.
    void news();
    void stop();
    bool reached_relay() const;  // the last upload was answered
    std::optional<SteadyTime> last_success() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tongke::telemetry
