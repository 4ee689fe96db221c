#include "relay/stream/advisories.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"

namespace tongke::relay {
namespace {

auto find(std::vector<Advisory>& list, const std::string& code) {
    return std::find_if(list.begin(), list.end(), [&](const auto& a) { return a.code == code; });
}

}  // namespace

void Advisories::set(const Advisory& advisory, bool active, WallTime now) {
    const auto known = find(list_, advisory.code);
    if (!active) {
        if (known != list_.end()) end(known, now);
        return;
    }
    if (known != list_.end()) {
        known->level = advisory.level;
        return;
    }
    auto begun = advisory;
    begun.since = now;
    begin(std::move(begun));
}

void Advisories::set_recent(const Advisory& advisory, std::uint64_t count, SteadyTime now, WallTime wall) {
    if (std::exchange(last_count_, count) != count) last_rise_ = now;
    set(advisory, count > 0 && now - last_rise_ < std::chrono::minutes(1), wall);
}

void Advisories::found(std::vector<Advisory> findings, WallTime now) {
    for (const auto& code : std::exchange(found_, {})) {
        const bool still =
            std::any_of(findings.begin(), findings.end(), [&](const auto& a) { return a.code == code; });
        if (const auto known = find(list_, code); !still && known != list_.end()) end(known, now);
    }
    for (auto& finding : findings) {
        found_.push_back(finding.code);
        if (const auto known = find(list_, finding.code); known != list_.end())
            known->level = finding.level;
        else
            begin(std::move(finding));
    }
}

void Advisories::begin(Advisory advisory) {
    log::write(advisory.level == AdvisoryLevel::notice ? log::Level::info : log::Level::warn, "stream",
               stream_ + ": " + advisory.text);
    list_.push_back(std::move(advisory));
}

void Advisories::end(std::vector<Advisory>::iterator which, WallTime now) {
    log::info("stream", "{}: over after {} s: {}", stream_,
              std::chrono::duration_cast<std::chrono::seconds>(now - which->since).count(), which->code);
    which->until = now;
    past_.push_front(std::move(*which));
    list_.erase(which);
    if (past_.size() > kRemembered) past_.pop_back();
}

}  // namespace tongke::relay
