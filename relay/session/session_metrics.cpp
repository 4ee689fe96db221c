#include "relay/session/session_metrics.hpp"

namespace tongke::relay {

SessionMetrics::SessionMetrics(metrics::Metrics& metrics)
    : metrics_(metrics),
      sent_(metrics.counter("tongke_sent_bytes_total", "bytes sent to players", {{"transport", "rtmp"}})),
      skips_(metrics.counter("tongke_subscriber_skips_total",
                             "players that fell behind and went on at the newest keyframe",
                             {{"reason", "behind"}})),
      rtt_(metrics.histogram("tongke_session_rtt_seconds", "round trips of players' connections, every 5 s",
                             {0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2})),
      rate_(metrics.histogram("tongke_session_delivery_rate_bytes",
                              "bytes a second that players' connections delivered last, every 5 s",
                              {62.5e3, 125e3, 250e3, 500e3, 1e6, 4e6, 16e6, 64e6})),
      unsent_(metrics.histogram("tongke_session_unsent_bytes",
                                "what players have not been sent, in the log and in the kernel, every 5 s",
                                {0, 16384, 65536, 262144, 1048576, 4194304, 16777216})),
      sent_again_(
          metrics.counter("tongke_session_retransmits_total", "TCP segments that players were sent again")) {
    for (int i = 0; i < kEndReasons; ++i)
        ended_[static_cast<std::size_t>(i)] =
            &metrics.counter("tongke_sessions_ended_total", "RTMP sessions by why they ended",
                             {{"reason", text(static_cast<EndReason>(i))}});
}

void SessionMetrics::looked(const net::TcpInfo& tcp, std::uint64_t unsent, std::uint32_t sent_again) {
    rtt_.Observe(tcp.rtt_us / 1e6);
    rate_.Observe(static_cast<double>(tcp.delivery_rate_bps) / 8);
    unsent_.Observe(static_cast<double>(unsent + tcp.unsent_bytes));
    sent_again_.Increment(sent_again);
}

void SessionMetrics::refused(const std::string& reason) {
    metrics_.counter("tongke_refused_total", "what was refused, by reason", {{"reason", reason}}).Increment();
}

}  // namespace tongke::relay
