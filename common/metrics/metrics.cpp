#include "common/metrics/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace tongke::metrics {

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help,
                                      const Labels& labels) {
    return prometheus::BuildCounter().Name(name).Help(first_help(name, help)).Register(registry_).Add(labels);
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    return prometheus::BuildGauge().Name(name).Help(first_help(name, help)).Register(registry_).Add(labels);
}

prometheus::Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                                          const std::vector<double>& upper_bounds, const Labels& labels) {
    return prometheus::BuildHistogram()
        .Name(name)
        .Help(first_help(name, help))
        .Register(registry_)
        .Add(labels, upper_bounds);
}

std::string Metrics::first_help(const std::string& name, const std::string& help) {
    const std::lock_guard lock(mutex_);
    return help_.try_emplace(name, help).first->second;
}

std::string Metrics::text() const { return prometheus::TextSerializer{}.Serialize(registry_.Collect()); }

}  // namespace tongke::metrics
