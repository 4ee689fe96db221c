#include "relay/api/refusal_trail.hpp"

#include <fmt/format.h>

#include <utility>

namespace tongke::relay {
namespace {

constexpr auto kWindow = std::chrono::seconds{10};
constexpr std::size_t kKinds = 10'000;
constexpr std::size_t kRecordsAtOnce = 16;

auth::AuditEntry crowd(std::string detail) { return {"", "various", "", "refused", std::move(detail)}; }

}  // namespace

std::optional<auth::AuditEntry> RefusalTrail::refused(const std::string& caller, auth::AuditEntry entry,
                                                      SteadyTime now) {
    auto key = entry.result + " " + caller;
    // More callers than can be told apart are one kind, under a key that no caller has.
    if (kinds_.size() >= kKinds && !kinds_.contains(key)) {
        key.clear();
        entry = crowd("too many callers to name each");
    }
    const auto [kind, first] = kinds_.try_emplace(std::move(key));
    if (first) {
        kind->second.until = now + kWindow;
        by_age_.push_back(kind);
        return entry;
    }
    ++kind->second.more;
    kind->second.last = std::move(entry);
    return std::nullopt;
}

std::vector<auth::AuditEntry> RefusalTrail::due(SteadyTime now) {
    std::vector<auth::AuditEntry> records;
    while (!by_age_.empty() && by_age_.front()->second.until <= now && records.size() < kRecordsAtOnce) {
        const bool alone = by_age_.front()->second.more == 0;
        auto record = take_oldest();
        if (!alone) records.push_back(std::move(record));
    }
    return records;
}

std::vector<auth::AuditEntry> RefusalTrail::rest() {
    auto records = due(SteadyTime::max());
    std::uint64_t more = 0;
    for (const auto& [key, kind] : kinds_) more += kind.more;
    kinds_.clear();
    by_age_.clear();
    if (more > 0) records.push_back(crowd(fmt::format("{} more, of several callers", more)));
    return records;
}

auth::AuditEntry RefusalTrail::take_oldest() {
    auto& kind = by_age_.front()->second;
    auto record = std::move(kind.last);
    record.detail = fmt::format("{} more within {} s, this was the last{}{}", kind.more, kWindow.count(),
                                record.detail.empty() ? "" : ": ", record.detail);
    kinds_.erase(by_age_.front());
    by_age_.pop_front();
    return record;
}

}  // namespace tongke::relay
