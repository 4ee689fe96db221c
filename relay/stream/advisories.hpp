// What the operator should look at now, each with the moment it began, and what
// is over, with its end too. Pure but for a line in the log.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

class Advisories {
  public:
    /// `stream` is who they are about, in the log.
    explicit Advisories(std::string stream = {}) : stream_(std::move(stream)) {}

    /// With its level; `since` and `until` are found here.
    void set(const Advisory& advisory, bool active, WallTime now);
    /// Active for a minute after `count` last rose; for one advisory of the stream.
    void set_recent(const Advisory& advisory, std::uint64_t count, SteadyTime now, WallTime wall);
    /// All that whoever watches the source finds now, each with its `since`; what it found before is over.
    void found(std::vector<Advisory> findings, WallTime now);

    const std::vector<Advisory>& list() const { return list_; }
    /// The newest first, at most kRemembered.
    const std::deque<Advisory>& past() const { return past_; }
    static constexpr std::size_t kRemembered = 50;

  private:
    void begin(Advisory advisory);
    void end(std::vector<Advisory>::iterator which, WallTime now);

    std::string stream_;
    std::vector<Advisory> list_;
    std::deque<Advisory> past_;
    std::vector<std::string> found_;  // codes
    std::uint64_t last_count_ = 0;
    SteadyTime last_rise_{};
};

}  // namespace tongke::relay
