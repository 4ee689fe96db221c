#include "relay/stream/wire_log.hpp"

#include <algorithm>

namespace tongke::relay {
namespace {

// Further back than any track is behind another.
constexpr std::int64_t kFallMs = 10'000;

}  // namespace

void WireLog::append(const LogEntry& entry, const SharedBlock& block) {
    // A relay that this one pulls from may begin its timeline anew.
    if (entry.dts_ms < newest_ms_ - kFallMs || (entries_.empty() && kept_ms_ == 0)) newest_ms_ = entry.dts_ms;
    kept_ms_ += std::max<std::int64_t>(0, entry.dts_ms - newest_ms_);
    newest_ms_ = std::max(newest_ms_, entry.dts_ms);
    trim_point_.reset();
    entries_.push_back(entry);
    entries_.back().kept_ms = kept_ms_;
    if (entry.keyframe) keyframes_.push_back(entry.begin);
    if (spans_.empty() || spans_.back().block != block) spans_.push_back({block, entry.begin, entry.end});
    spans_.back().end = entry.end;
    end_ = entry.end;
}

void WireLog::trim() {
    const auto keep_from = trim_point();
    while (!entries_.empty() && entries_.front().begin < keep_from) entries_.pop_front();
    while (!spans_.empty() && spans_.front().end <= keep_from) spans_.pop_front();
    while (!keyframes_.empty() && keyframes_.front() < keep_from) keyframes_.pop_front();
}

void WireLog::clear() {
    trim_point_.reset();
    entries_.clear();
    spans_.clear();
    keyframes_.clear();
}

std::uint64_t WireLog::trim_point() const {
    if (trim_point_) return *trim_point_;
    if (entries_.empty()) return end_;
    const auto oldest_ms = entries_.back().kept_ms - bounds_.keep_ms;
    auto kept = entries_.begin();
    while (kept->begin != entries_.back().begin &&
           (kept->kept_ms < oldest_ms || end_ - kept->begin > bounds_.keep_bytes))
        ++kept;
    trim_point_ = kept->begin;
    return *trim_point_;
}

std::uint64_t WireLog::begin() const { return entries_.empty() ? end_ : entries_.front().begin; }

const LogEntry* WireLog::newest_keyframe() const {
    return keyframes_.empty() ? nullptr : entry_at(keyframes_.back());
}

std::optional<std::uint64_t> WireLog::position_after(std::int64_t number) const {
    if (empty() || number < front().number - 1 || number > back().number) return std::nullopt;
    const auto next =
        std::upper_bound(entries_.begin(), entries_.end(), number,
                         [](std::int64_t wanted, const LogEntry& entry) { return wanted < entry.number; });
    return next == entries_.end() ? end_ : next->begin;
}

const LogEntry* WireLog::entry_at(std::uint64_t position) const {
    if (position < begin() || position >= end_) return nullptr;
    const auto after =
        std::upper_bound(entries_.begin(), entries_.end(), position,
                         [](std::uint64_t wanted, const LogEntry& entry) { return wanted < entry.begin; });
    return &*std::prev(after);
}

ByteView WireLog::bytes_at(std::uint64_t position, std::uint64_t limit) const {
    // Nearly every reader is in the last block.
    for (auto span = spans_.rbegin(); span != spans_.rend(); ++span) {
        if (position >= span->end) break;
        if (position < span->begin) continue;
        const auto end = std::min(span->end, limit);
        if (position >= end) break;
        return {span->block->bytes.get() + (position - span->block->begin), end - position};
    }
    return {};
}

}  // namespace tongke::relay
