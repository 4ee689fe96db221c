// Bounds what those who are refused can write to the audit trail, each record
// of which waits for the disk: the first of a kind is written at once, the
// others of its next ten seconds are one record that says how many they were.
// A kind is one caller and one reason. Pure; the owner writes.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/auth/audit.hpp"

namespace tongke::relay {

class RefusalTrail {
  public:
    /// What to write of this refusal now, if anything; `caller` is an account or an address.
    std::optional<auth::AuditEntry> refused(const std::string& caller, auth::AuditEntry entry,
                                            SteadyTime now);
    /// The records of the kinds whose time is over, a few at once: every one waits for the disk.
    std::vector<auth::AuditEntry> due(SteadyTime now);
    /// All that is held back, in as few records; for the end.
    std::vector<auth::AuditEntry> rest();

  private:
    struct Kind {
        SteadyTime until{};
        std::uint64_t more = 0;
        auth::AuditEntry last;
    };
    using Kinds = std::map<std::string, Kind>;
    auth::AuditEntry take_oldest();

    Kinds kinds_;
    std::deque<Kinds::iterator> by_age_;
};

}  // namespace tongke::relay
