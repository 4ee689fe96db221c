#include "player/control/node_metrics.hpp"

#include <limits>

namespace tongke::player {
namespace {

double or_nan(std::optional<double> value) {
    return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

NodeMetrics::NodeMetrics(metrics::Metrics& registry)
    : registry_(registry),
      startup_(registry.histogram("tongke_startup_seconds", "Click to first presented frame",
                                  {0.25, 0.5, 1, 2, 3, 5, 10, 20, 60})),
      received_(registry.counter("tongke_upstream_received_bytes_total", "Bytes received from upstream")),
      spooled_(registry.gauge("tongke_telemetry_spooled", "Records not yet acknowledged by the relay")) {
    registry
        .gauge("tongke_qoe_definition_info", "Version of QoE-Def", {{"version", std::string{qoe::kVersion}}})
        .Set(1);
    for (const auto* reason : {"silent", "closed", "connect_failed", "refused", "bad_answer"})
        reconnects(reason);
    for (const auto* verdict : {"passed", "conditional", "failed", "incomplete"}) results(verdict);
}

prometheus::Counter& NodeMetrics::reconnects(const std::string& reason) {
    return registry_.counter("tongke_upstream_reconnects_total", "Upstream connections lost",
                             {{"reason", reason}});
}

prometheus::Counter& NodeMetrics::results(const std::string& verdict) {
    return registry_.counter("tongke_livetest_results_total", "Live tests by verdict",
                             {{"verdict", verdict}});
}

void NodeMetrics::room(const std::string& room) {
    using qoe::Hop;
    using qoe::StallClass;
    for (const auto hop : {Hop::encoder, Hop::relay_node, Hop::node, Hop::node_pc, Hop::pc, Hop::unknown})
        for (const auto each : {StallClass::short_stall, StallClass::long_stall, StallClass::outage})
            add_stall(room, hop, each, 0, 0);
    played(room, 0);
    freezes(room, 0);
    dropped(room, 0);
}

void NodeMetrics::stalled(const std::string& room, qoe::Hop hop, qoe::StallClass stall_class,
                          double seconds) {
    add_stall(room, hop, stall_class, 1, seconds);
}

void NodeMetrics::add_stall(const std::string& room, qoe::Hop hop, qoe::StallClass stall_class, double count,
                            double seconds) {
    const std::string hop_name{qoe::to_string(hop)}, class_name{qoe::to_string(stall_class)};
    registry_
        .counter("tongke_stalls_total", "Counted stalls, by the node's verdict at their end",
                 {{"room", room}, {"hop", hop_name}, {"class", class_name}})
        .Increment(count);
    registry_
        .counter("tongke_stall_seconds_total", "Stalled time of counted stalls",
                 {{"room", room}, {"hop", hop_name}})
        .Increment(seconds);
}

void NodeMetrics::startup(double seconds) { startup_.Observe(seconds); }

void NodeMetrics::played(const std::string& room, double seconds) {
    registry_.counter("tongke_play_seconds_total", "Time in which media moved", {{"room", room}})
        .Increment(seconds);
}

void NodeMetrics::freezes(const std::string& room, double count) {
    registry_
        .counter("tongke_decoder_freezes_total", "Frozen pictures while media was there", {{"room", room}})
        .Increment(count);
}

void NodeMetrics::dropped(const std::string& room, double frames) {
    registry_.counter("tongke_frames_dropped_total", "Frames the classroom PC dropped", {{"room", room}})
        .Increment(frames);
}

void NodeMetrics::buffer(const std::string& room, const char* hop, std::optional<double> seconds) {
    registry_.gauge("tongke_buffer_seconds", "Media ahead of the playhead", {{"room", room}, {"hop", hop}})
        .Set(or_nan(seconds));
}

void NodeMetrics::latency(const std::string& room, std::optional<double> seconds) {
    registry_
        .gauge("tongke_live_latency_seconds", "Now minus the capture time of the frame on screen",
               {{"room", room}})
        .Set(or_nan(seconds));
}

void NodeMetrics::test_result(const std::string& verdict) { results(verdict).Increment(); }
void NodeMetrics::reconnected(const std::string& reason) { reconnects(reason).Increment(); }

void NodeMetrics::received(double bytes_so_far) {
    if (bytes_so_far > received_so_far_) received_.Increment(bytes_so_far - received_so_far_);
    received_so_far_ = bytes_so_far;
}

void NodeMetrics::spooled(double count) { spooled_.Set(count); }

void NodeMetrics::refused(const std::string& reason) {
    registry_.counter("tongke_refused_total", "Refused input", {{"reason", reason}}).Increment();
}

}  // namespace tongke::player
