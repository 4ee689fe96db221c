// Thins out what is refused on its way to the audit trail: a flood of wrong keys
// or passwords must not become a flood of disk writes. Of each kind (actor,
// action, target, result) the first kBurst in a window are written, of all
// kinds together kMostWritten; the rest becomes a count when the window ends.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "common/auth/audit.hpp"
#include "common/time/clock.hpp"

namespace tongke::auth {

/// Pure but for its mutex: any thread. `audit` is called on the caller's.
class RefusalLog {
  public:
    static constexpr int kBurst = 10;
    static constexpr int kMostWritten = 200;
    static constexpr std::size_t kMostKinds = 1000;
    static constexpr Milliseconds kWindow = std::chrono::seconds{10};

    explicit RefusalLog(std::function<void(AuditEntry)> audit) : audit_(std::move(audit)) {}
    void refused(AuditEntry entry, SteadyTime now);
    /// Writes the counts of windows that are over; call about once a second.
    void tick(SteadyTime now);
    /// Writes every count there is; for the end.
    void flush();

  private:
    using Kind = std::tuple<std::string, std::string, std::string, std::string>;
    struct Window {
        SteadyTime begin{};
        int seen = 0, written = 0;
    };
    bool is_written(const AuditEntry& entry, SteadyTime now);
    void write_counts(const std::function<bool(const Window&)>& is_due);
    static AuditEntry summary(const Kind& kind, int more);

    std::function<void(AuditEntry)> audit_;
    std::mutex mutex_;
    std::map<Kind, Window> windows_;
    Window all_;
};

}  // namespace tongke::auth
