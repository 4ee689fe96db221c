#include "common/auth/refusal_log.hpp"

#include <vector>

namespace tongke::auth {

void RefusalLog::refused(AuditEntry entry, SteadyTime now) {
    if (is_written(entry, now)) audit_(std::move(entry));
}

bool RefusalLog::is_written(const AuditEntry& entry, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (now - all_.begin >= kWindow) all_ = {now, 0, 0};
    const Kind kind{entry.actor, entry.action, entry.target, entry.result};
    auto found = windows_.find(kind);
    if (found == windows_.end()) {
        // A flood of many kinds: what is not worth telling apart any more is one kind.
        const bool room = windows_.size() < kMostKinds && all_.written < kMostWritten;
        found = windows_.try_emplace(room ? kind : Kind{"many", entry.action, "", entry.result}).first;
        if (found->second.seen == 0) found->second.begin = now;
    }
    ++found->second.seen;
    if (found->second.written >= kBurst || all_.written >= kMostWritten) return false;
    ++found->second.written;
    ++all_.written;
    return true;
}

void RefusalLog::tick(SteadyTime now) {
    write_counts([now](const Window& window) { return now - window.begin >= kWindow; });
}

void RefusalLog::flush() {
    write_counts([](const Window&) { return true; });
}

void RefusalLog::write_counts(const std::function<bool(const Window&)>& is_due) {
    std::vector<AuditEntry> due;
    {
        const std::lock_guard lock(mutex_);
        for (auto at = windows_.begin(); at != windows_.end();) {
            const auto& window = at->second;
            if (!is_due(window)) {
                ++at;
                continue;
            }
            if (window.seen > window.written) due.push_back(summary(at->first, window.seen - window.written));
            at = windows_.erase(at);
        }
    }
    for (auto& entry : due) audit_(std::move(entry));
}

AuditEntry RefusalLog::summary(const Kind& kind, int more) {
    const auto& [actor, action, target, result] = kind;
    return {actor, action, target, result, std::to_string(more) + " more of these within 10 s"};
}

}  // namespace tongke::auth
