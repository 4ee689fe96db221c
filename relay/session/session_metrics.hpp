// What sessions count (CONTRACT.md §8): children looked up once. Any thread.
#pragma once
#include <array>
#include <string>

#include "common/metrics/metrics.hpp"
#include "common/net/tcp_info.hpp"
#include "relay/session/end_reason.hpp"

namespace tongke::relay {

class SessionMetrics {
  public:
    explicit SessionMetrics(metrics::Metrics& metrics);

    void ended(EndReason reason) { ended_[static_cast<std::size_t>(reason)]->Increment(); }
    /// `reason` from a small set.
    void refused(const std::string& reason);
    void sent(std::uint64_t bytes) { sent_.Increment(static_cast<double>(bytes)); }
    void skipped() { skips_.Increment(); }
    /// At one player's connection: `unsent` of the log, segments `sent_again` since the last look.
    void looked(const net::TcpInfo& tcp, std::uint64_t unsent, std::uint32_t sent_again);

  private:
    metrics::Metrics& metrics_;
    std::array<prometheus::Counter*, kEndReasons> ended_{};
    prometheus::Counter& sent_;
    prometheus::Counter& skips_;
    prometheus::Histogram& rtt_;
    prometheus::Histogram& rate_;
    prometheus::Histogram& unsent_;
    prometheus::Counter& sent_again_;
};

}  // namespace tongke::relay
