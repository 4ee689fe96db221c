#include "player/qoe/ledger.hpp"

#include <algorithm>

namespace tongke::qoe {

namespace {

constexpr std::size_t kAnswers = 256, kOutages = 64;

auto place(std::deque<Piece>& pieces, std::int64_t msn) {
    return std::lower_bound(pieces.begin(), pieces.end(), msn,
                            [](const Piece& p, std::int64_t n) { return p.msn < n; });
}

}  // namespace

void Ledger::relay_answered(SteadyTime at, std::int64_t end_ms) {
    last_answer_ = last_answer_ ? std::max(*last_answer_, at) : at;
    relay_end_ms_ = relay_end_ms_ ? std::max(*relay_end_ms_, end_ms) : end_ms;
    answers_.push_back({at, end_ms});
    if (answers_.size() > kAnswers) answers_.pop_front();
}

void Ledger::arrived(Piece piece) {
    const auto at = place(pieces_, piece.msn);
    if (at != pieces_.end() && at->msn == piece.msn) return;
    if (at == pieces_.begin() && pieces_.size() >= bound_) return;  // older than all we keep
    if (!piece.not_at_relay) piece.not_at_relay = last_answer_without(piece.end_ms, piece.node);
    pieces_.insert(at, piece);
    if (pieces_.size() > bound_) pieces_.pop_front();
}

void Ledger::upstream_lost(SteadyTime since) {
    if (!lost_since_) lost_since_ = since;
}

void Ledger::upstream_back(SteadyTime at) {
    if (!lost_since_) return;
    outages_.emplace_back(*lost_since_, std::max(at, *lost_since_));
    if (outages_.size() > kOutages) outages_.pop_front();
    lost_since_.reset();
}

const Piece* Ledger::find(std::int64_t msn) const {
    const auto at = std::lower_bound(pieces_.begin(), pieces_.end(), msn,
                                     [](const Piece& p, std::int64_t n) { return p.msn < n; });
    return at != pieces_.end() && at->msn == msn ? &*at : nullptr;
}

std::optional<std::int64_t> Ledger::newest_end_ms() const {
    if (pieces_.empty()) return {};
    return pieces_.back().end_ms;
}

Micros Ledger::longest_silence(SteadyTime begin, SteadyTime end) const {
    auto longest = SteadyTime::duration{0};
    auto from = begin;
    for (const auto& answer : answers_) {
        if (answer.at <= begin || answer.at >= end) continue;
        longest = std::max(longest, answer.at - from);
        from = std::max(from, answer.at);
    }
    if (end > from) longest = std::max(longest, end - from);
    return std::chrono::duration_cast<Micros>(longest);
}

std::optional<SteadyTime> Ledger::last_answer_without(std::int64_t end_ms, SteadyTime before) const {
    std::optional<SteadyTime> last;
    for (const auto& answer : answers_)
        if (answer.end_ms < end_ms && answer.at < before)
            last = last ? std::max(*last, answer.at) : answer.at;
    return last;
}

Micros Ledger::lost_within(SteadyTime begin, SteadyTime end) const {
    auto total = SteadyTime::duration{0};
    const auto overlap = [&](SteadyTime from, SteadyTime to) {
        total += std::max(SteadyTime::duration{0}, std::min(to, end) - std::max(from, begin));
    };
    for (const auto& [from, to] : outages_) overlap(from, to);
    if (lost_since_) overlap(*lost_since_, end);
    return std::chrono::duration_cast<Micros>(total);
}

std::optional<double> Ledger::arrival_rate(SteadyTime now, Micros window) const {
    if (pieces_.empty()) return {};
    std::int64_t media_ms = 0;
    for (auto p = pieces_.rbegin(); p != pieces_.rend() && now - p->node <= window; ++p)
        media_ms += p->end_ms - p->begin_ms;
    return static_cast<double>(media_ms) * 1000.0 / static_cast<double>(window.count());
}

std::optional<double> Ledger::bitrate_bps() const {
    std::int64_t bytes = 0, media_ms = 0;
    for (const auto& p : pieces_) bytes += p.bytes, media_ms += p.end_ms - p.begin_ms;
    if (media_ms <= 0) return {};
    return static_cast<double>(bytes) * 8000.0 / static_cast<double>(media_ms);
}

void Ledger::clear() {
    pieces_.clear();
    answers_.clear();
    relay_end_ms_.reset();
}

}  // namespace tongke::qoe
