#include "relay/session/session_metrics.hpp"

namespace tongke::relay {

SessionMetrics::SessionMetrics(metrics::Metrics& metrics)
    : metrics_(metrics),
      sent_(metrics.counter("tongke_sent_bytes_total", "bytes sent to players", {{"transport", "rtmp"}})),
      skips_(metrics.counter("tongke_subscriber_skips_total",
                             "players that fell behind and went on at the newest keyframe",
                             {{"reason", "behind"}})) {
    for (int i = 0; i < kEndReasons; ++i)
        ended_[static_cast<std::size_t>(i)] =
            &metrics.counter("tongke_sessions_ended_total", "RTMP sessions by why they ended",
                             {{"reason", text(static_cast<EndReason>(i))}});
}

void SessionMetrics::refused(const std::string& reason) {
    metrics_.counter("tongke_refused_total", "what was refused, by reason", {{"reason", reason}}).Increment();
}

}  // namespace tongke::relay
