#include "common/metrics/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace tongke::metrics {

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help,
                                      const Labels& labels) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                                          const std::vector<double>& upper_bounds, const Labels& labels) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels, upper_bounds);
}

std::string Metrics::text() const { return prometheus::TextSerializer{}.Serialize(registry_.Collect()); }

}  // namespace tongke::metrics
