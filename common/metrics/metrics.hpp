// The process's metrics: one registry, names exactly as in CONTRACT.md §8.
// Families are created once by the folder that owns them; a child is looked up
// once and kept, so counting in the frame path is one relaxed atomic add.
#pragma once
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tongke::metrics {

using Labels = std::map<std::string, std::string>;

class Metrics {
  public:
    prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                     const std::vector<double>& upper_bounds, const Labels& labels = {});
    /// Prometheus text format 0.0.4.
    std::string text() const;

  private:
    // Two folders may count under one name; a second family of that name would be no valid text.
    std::string first_help(const std::string& name, const std::string& help);

    std::mutex mutex_;
    std::map<std::string, std::string> help_;
    prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

}  // namespace tongke::metrics
