// Runs live tests (直播调试): from a page, or of the node alone from the
// terminal. Feeds the pure livetest::LiveTest with what the test channel, the
// page and the probes of the link show; its record goes to the spool and so to
// the relay. One page test per room. A small file names the running ones, so that a
// kill leaves a record too. Tests never touch the lesson. I/O thread.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "player/control/event_log.hpp"
#include "player/control/media_channel.hpp"
#include "player/control/node_metrics.hpp"
#include "player/livetest/live_test.hpp"

namespace tongke::player {

/// One fetch of a stored segment from the relay: bytes over the link while it ran, and how long it took.
struct LinkProbe {
    std::int64_t bytes = 0;
    double seconds = 0;
};

struct TestPorts {
    /// Fetches this segment of the test channel again, over HLS; calls back once, never inside the call;
    /// nothing when it failed.
    std::function<void(const hls::Segment&, std::function<void(std::optional<LinkProbe>)>)> probe;
    /// The name of the other person of a test, if here.
    std::function<std::optional<std::string>(const std::string& room, auth::Role)> attending;
    /// A test begins and no other runs: what an earlier one left behind must not be measured.
    std::function<void()> begins;
    /// Writes the file of running tests; calls back once, when that has ended. None: nothing is kept.
    std::function<void(std::string text, std::function<void()> kept)> keep;
};

class LiveTests {
  public:
    LiveTests(const MediaChannel& channel, EventLog& events, NodeMetrics& metrics, const Clock& clock,
              TestPorts ports);
    ~LiveTests();

    struct Start {
        std::string room, room_name;
        double minutes = 8;
        std::optional<std::string> started_by;  // name; none from the terminal
        std::string session;                    // whose page measures
        std::optional<auth::Role> other;        // the role that attends
        livetest::Scope scope = livetest::Scope::page;
    };
    /// `kept` gets the test's id once a restart of the node would know it. False when one of that scope
    /// already runs in the room.
    bool start(const Start& start, std::function<void(const std::string& id)> kept);
    /// What the file of running tests held when the node was started: they are 未完成.
    void recover(std::string_view text);
    bool running(std::string_view room) const { return session(room) != nullptr; }  // a page test
    /// That started the room's page test; null when none runs.
    const std::string* session(std::string_view room) const;
    bool any_running() const { return !running_.empty(); }

    Error beacons(const std::string& room, const qoe::BeaconBatch& batch, SteadyTime arrival);
    void tick();
    void abort_all();

    /// LiveTest of api.ts; nothing when there is no such test of this room.
    std::optional<std::string> find(std::string_view room, std::string_view id) const;
    std::vector<std::string> list(std::string_view room) const;  // newest first
    std::optional<livetest::StoredTest> last(std::string_view room) const;

  private:
    struct Running;
    void probe(Running& test);
    void feed(Running& test);
    void look_who_attends(Running& test);
    void finish(Running& test);
    void record(const std::string& room, const std::string& id, std::string test);
    void keep(std::function<void()> kept = {});

    const MediaChannel& channel_;
    EventLog& events_;
    NodeMetrics& metrics_;
    const Clock& clock_;
    TestPorts ports_;
    std::vector<std::shared_ptr<Running>> running_;
    std::map<std::string, std::string> unrecorded_;  // by id: begun, no record of them in the spool yet
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace tongke::player
