// What the operator should look at now, each with the moment it began. Pure.
#pragma once
#include <string>
#include <vector>

#include "relay/stream/stream_info.hpp"

namespace tongke::relay {

class Advisories {
  public:
    void set(const std::string& code, const std::string& text, bool active, WallTime now);
    /// Active for a minute after `count` last rose.
    void set_recent(const std::string& code, const std::string& text, std::uint64_t count, WallTime now);
    const std::vector<Advisory>& list() const { return list_; }

  private:
    std::vector<Advisory> list_;
    std::uint64_t last_count_ = 0;
    WallTime last_rise_{};
};

}  // namespace tongke::relay
