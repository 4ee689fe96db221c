// The node's metrics of CONTRACT.md §8 that are counted as things happen;
// children are looked up once per room. On the I/O thread.
#pragma once
#include <string>

#include "common/metrics/metrics.hpp"
#include "player/qoe/room_monitor.hpp"

namespace tongke::player {

class NodeMetrics {
  public:
    explicit NodeMetrics(metrics::Metrics& registry);

    /// Every counter of the room from zero, so that a rate sees its first increment.
    void room(const std::string& room);
    void stalled(const std::string& room, qoe::Hop hop, qoe::StallClass stall_class, double seconds);
    void startup(double seconds);
    void played(const std::string& room, double seconds);
    void freezes(const std::string& room, double count);
    void dropped(const std::string& room, double frames);
    /// NaN stands for "cannot be measured".
    void buffer(const std::string& room, const char* hop, std::optional<double> seconds);
    void latency(const std::string& room, std::optional<double> seconds);
    void test_result(const std::string& verdict);
    void reconnected(const std::string& reason);
    void received(double bytes_so_far);
    void spooled(double count);
    void refused(const std::string& reason);
    std::string text() const { return registry_.text(); }

  private:
    void add_stall(const std::string& room, qoe::Hop hop, qoe::StallClass stall_class, double count,
                   double seconds);
    prometheus::Counter& reconnects(const std::string& reason);
    prometheus::Counter& results(const std::string& verdict);

    metrics::Metrics& registry_;
    prometheus::Histogram& startup_;
    prometheus::Counter& received_;
    prometheus::Gauge& spooled_;
    double received_so_far_ = 0;
};

}  // namespace tongke::player
