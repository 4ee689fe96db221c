// The live test (直播调试, QOE.md §5): measures in, verdict with reasons out.
// Pure: the room's owner feeds segments, fetches and the page's numbers, and
// says what time it is. to_json() is exactly LiveTest of common/ui/api.ts.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/time/clock.hpp"
#include "player/qoe/room_monitor.hpp"
#include "player/qoe/virtual_player.hpp"

namespace tongke::livetest {

enum class Scope { page, node };
enum class TestState { running, finished, aborted };
enum class Verdict { passed, conditional, failed, incomplete };
std::string_view to_string(Scope s);
std::string_view to_string(TestState s);
std::string_view to_string(Verdict v);

/// Each pair: the limit of 合格, the limit of 注意 (QOE.md §5). No configuration key changes them yet.
struct Thresholds {
    double startup_pass_s = 5, startup_warn_s = 10;
    double one_stall_warn_s = 2;                          // one counted stall of at most this is 注意
    double buffer_pass = 0.50, buffer_warn = 0.25;        // of the target
    double throughput_pass = 1.5, throughput_warn = 1.1;  // p10 ÷ bitrate
    double dropped_pass = 0.005, dropped_warn = 0.02;
    std::int64_t freezes_fail = 1;
    int throughput_samples_min = 4;  // fewer per hop: the item cannot be judged
    double observed_min = 0.8;       // of the minutes asked for must have been watched
};

struct Measures {
    std::optional<double> startup_s;
    std::int64_t stalls = 0;
    double stalled_s = 0;
    std::optional<double> buffer_min_s;
    std::optional<double> throughput_relay_node, throughput_node_pc;  // p10 ÷ bitrate
    int throughput_samples_relay_node = 0, throughput_samples_node_pc = 0;
    std::optional<double> bitrate_bps;
    std::optional<double> dropped_ratio;
    std::optional<std::int64_t> freezes;
    std::optional<double> latency_s;
    std::optional<double> required_latency_s;
    std::vector<qoe::CurvePoint> stall_curve;
    double target_s = 8;
    double observed_s = 0;  // time in which play was really watched (page) or the stream was on (node)

    std::optional<double> throughput_ratio() const;  // the worse hop
};

struct Reason {
    std::string code, text, next;  // text and next in Chinese
};
struct Outcome {
    Verdict verdict = Verdict::incomplete;
    std::vector<Reason> reasons;
};

Outcome evaluate(Scope scope, const Measures& measures, double minutes, const Thresholds& thresholds = {});
/// 「8 分钟无卡顿：每小时卡顿不超过 22.5 次（95%）」, or what can be said when there were stalls.
std::string confidence(double watched_minutes, std::int64_t stalls);

/// The 10th percentile (lower, nearest rank) of bytes·8 ÷ seconds over the stream's bitrate.
class ThroughputMeter {
  public:
    /// One fetch of a stored segment, first to last byte.
    void add(std::int64_t bytes, double seconds);
    int count() const { return static_cast<int>(bps_.size()); }
    std::optional<double> p10_bps() const;

  private:
    std::vector<double> bps_;
};

struct Subject {
    std::string id, room, room_name;
    std::optional<std::string> started_by, attended_by;  // names; from the terminal, none
    Scope scope = Scope::page;
    double minutes = 8;
    std::string playlist;
};

class LiveTest {
  public:
    LiveTest(Subject subject, SteadyTime begin, WallTime begin_wall, double target_s,
             Thresholds thresholds = {});

    /// A stored segment was fetched over the named hop; call it once every 10 s a hop.
    void throughput(qoe::Hop hop, std::int64_t bytes, double took_s);
    void bitrate(double bps) { bitrate_bps_ = bps; }
    /// The buffer that the room aims at; known only once the stream's target duration is.
    void aim_at(double target_s) { target_s_ = target_s; }
    /// The page's side, from its RoomMonitor. Page scope only.
    void page(const qoe::RoomTotals& totals, std::optional<double> latency_s);
    /// The node's side: arrivals since the test began.
    void arrivals(std::span<const qoe::Arrival> run);
    void node_buffer(double level_s, SteadyTime now);

    /// The other of 班主任 and technician came (C15); the first name stays.
    void attended_by(std::string name) {
        if (!subject_.attended_by) subject_.attended_by = std::move(name);
    }

    bool over(SteadyTime now) const;  // its minutes have passed
    /// Judges once; later calls change nothing.
    void finish(SteadyTime now, WallTime wall);
    /// Ended before its time: 未完成, with the reason.
    void abort(SteadyTime now, WallTime wall, Reason why);

    TestState state() const { return state_; }
    const Subject& subject() const { return subject_; }
    const Outcome& outcome() const { return outcome_; }
    Measures measures() const;
    /// LiveTest of api.ts.
    std::string to_json(SteadyTime now) const;

  private:
    double seconds_left(SteadyTime now) const;
    void measure_page(Measures& m) const;
    void measure_node(Measures& m) const;

    Subject subject_;
    Thresholds thresholds_;
    SteadyTime begin_;
    WallTime begin_wall_;
    std::optional<WallTime> end_wall_;
    SteadyTime end_{};
    double target_s_;
    TestState state_ = TestState::running;
    Outcome outcome_;
    ThroughputMeter relay_node_, node_pc_;
    std::optional<double> bitrate_bps_;
    std::optional<qoe::RoomTotals> page_;
    std::optional<double> latency_s_;
    std::vector<qoe::Arrival> run_;
    std::optional<double> node_buffer_min_;
};

/// A running LiveTest as it was kept on disk, ended as 未完成: nobody measured it to its end. It ended when
/// its minutes were over, or at `now`.
Result<std::string> abort_stored(std::string_view json, WallTime now, const Reason& why);

/// The members of a stored LiveTest that lists and the relay need; values for what is not JSON of ours.
struct StoredTest {
    std::string id, room, end;
    std::optional<std::string> verdict;
};
Result<StoredTest> parse_stored(std::string_view json);

}  // namespace tongke::livetest
