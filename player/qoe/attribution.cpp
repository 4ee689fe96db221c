#include "player/qoe/attribution.hpp"

#include <algorithm>
#include <vector>

namespace tongke::qoe {

namespace {

constexpr std::size_t kPageArrivals = 512;
constexpr std::size_t kBaselinePieces = 100, kBaselineLeast = 2;
constexpr std::int64_t kWindowMs = 1500;  // the media missing when the picture stopped
constexpr double kExplained = 0.3;        // of the stall (QOE.md §4)
constexpr double kWasBuffered = 0.3;      // s
constexpr Micros kSilence{3'000'000};  // with hedged requests each second, a live relay answers within this

Micros micros(SteadyTime::duration d) { return std::chrono::duration_cast<Micros>(d); }
Micros since_media(SteadyTime at, std::int64_t media_ms) {
    return micros(at.time_since_epoch()) - Micros{media_ms * 1000};
}
Micros positive(Micros m) { return std::max(Micros{0}, m); }

std::optional<Micros> lower_quartile(std::vector<Micros> v) {
    if (v.size() < kBaselineLeast) return {};
    const auto at = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 4);
    std::nth_element(v.begin(), at, v.end());
    return *at;
}

struct Baselines {
    std::optional<Micros> relay, answer, node, page;  // lag against media time; page: against the node
};

Baselines baselines(const Ledger& ledger, const PageArrivals& page, std::int64_t before_ms) {
    std::vector<Micros> relay, answer, node, pc;
    for (auto p = ledger.pieces().rbegin(); p != ledger.pieces().rend() && node.size() < kBaselinePieces;
         ++p) {
        if (p->begin_ms >= before_ms) continue;
        node.push_back(since_media(p->node, p->end_ms));
        if (p->relay) relay.push_back(since_media(*p->relay, p->end_ms));
        if (p->not_at_relay) answer.push_back(since_media(*p->not_at_relay, p->end_ms));
        if (const auto* got = page.find(p->msn)) pc.push_back(micros(got->end - p->node));
    }
    return {lower_quartile(relay), lower_quartile(answer), lower_quartile(node), lower_quartile(pc)};
}

// Where the media that was missing begins: behind the last frame shown.
std::optional<std::int64_t> missing_from(const StallWindow& stall, const Ledger& ledger,
                                         const PageArrivals& page) {
    if (stall.media_pdt) return *stall.media_pdt + static_cast<std::int64_t>(stall.buffered_s * 1000);
    std::optional<std::int64_t> end;
    for (const auto& p : ledger.pieces()) {
        const auto* got = page.find(p.msn);
        if (got && got->end <= stall.begin) end = end ? std::max(*end, p.end_ms) : p.end_ms;
    }
    return end;
}

struct Deltas {
    Micros encoder{0}, relay_node{0}, node_pc{0};
    bool split = true;  // encoder and link could be told apart
};

// Lateness of one piece of media at the relay: known, or bounded by the last answer without it.
Micros late_at_relay(const Piece& p, const Baselines& base, const Ledger& ledger, SteadyTime arrived) {
    if (p.relay && base.relay) return positive(since_media(*p.relay, p.end_ms) - *base.relay);
    if (!base.answer) return Micros{0};
    const auto last = p.not_at_relay ? p.not_at_relay : ledger.last_answer_without(p.end_ms, arrived);
    return last ? positive(since_media(*last, p.end_ms) - *base.answer) : Micros{0};
}

// `arrived`: at the node, or how long it has certainly not been there.
Deltas deltas_of(const Piece& p, SteadyTime arrived, const Baselines& base, const Ledger& ledger) {
    Deltas d;
    const auto late = positive(since_media(arrived, p.end_ms) - *base.node);
    d.encoder = std::min(late, late_at_relay(p, base, ledger, arrived));
    d.relay_node = late - d.encoder;
    const auto due = arrived - d.relay_node;
    const auto dead = std::max(ledger.lost_within(due, arrived),
                               ledger.last_answer() ? ledger.longest_silence(due, arrived) : Micros{0});
    const auto known = p.relay && base.relay;
    d.split = known || d.relay_node < Micros{500'000} || 2 * d.encoder > late ||
              dead >= std::min(kSilence, d.relay_node / 2);
    return d;
}

void keep_largest(Deltas& all, const Deltas& d) {
    if (d.relay_node > all.relay_node) all.split = d.split;
    all.encoder = std::max(all.encoder, d.encoder);
    all.relay_node = std::max(all.relay_node, d.relay_node);
    all.node_pc = std::max(all.node_pc, d.node_pc);
}

Deltas collect(const StallWindow& stall, const Ledger& ledger, const PageArrivals& page, std::int64_t from,
               const Baselines& base) {
    Deltas all;
    const auto& pieces = ledger.pieces();
    for (const auto& p : pieces) {
        if (p.end_ms <= from || p.begin_ms >= from + kWindowMs) continue;
        auto d = deltas_of(p, std::min(p.node, stall.end), base, ledger);
        const auto* got = page.find(p.msn);
        if (!page.all().empty() && p.node < stall.end) {
            const auto had = got ? std::min(got->end, stall.end) : stall.end;
            d.node_pc = positive(micros(had - p.node) - base.page.value_or(Micros{0}));
        }
        keep_largest(all, d);
    }
    if (pieces.empty() || pieces.back().end_ms >= from + kWindowMs) return all;
    // What was missing is not even at the node: as late as it is by now.
    const auto& last = pieces.back();
    const auto length = last.end_ms - last.begin_ms;
    const Piece absent{.msn = last.msn + 1, .begin_ms = last.end_ms, .end_ms = last.end_ms + length};
    keep_largest(all, deltas_of(absent, stall.end, base, ledger));
    return all;
}

Verdict judge(const Deltas& d, const StallWindow& stall) {
    const auto sum = d.encoder + d.relay_node + d.node_pc;
    const auto stalled = static_cast<double>(std::max(Micros{1}, stall.stalled).count());
    if (static_cast<double>(sum.count()) < kExplained * stalled) {
        if (stall.buffered_s >= kWasBuffered) return {Hop::pc, {}};
        return {};
    }
    auto verdict = Verdict{Hop::encoder, {}};
    auto most = d.encoder;
    if (d.relay_node > most) most = d.relay_node, verdict.hop = Hop::relay_node;
    if (d.node_pc > most) most = d.node_pc, verdict.hop = Hop::node_pc;
    if (verdict.hop == Hop::relay_node && !d.split) return {};
    verdict.share = static_cast<double>(most.count()) / static_cast<double>(sum.count());
    return verdict;
}

}  // namespace

void PageArrivals::fetched(std::int64_t msn, SteadyTime begin, SteadyTime end) {
    got_.emplace(msn, Got{begin, end});
    while (got_.size() > kPageArrivals) got_.erase(got_.begin());
}

const PageArrivals::Got* PageArrivals::find(std::int64_t msn) const {
    const auto at = got_.find(msn);
    return at == got_.end() ? nullptr : &at->second;
}

Verdict attribute(const StallWindow& stall, const Ledger& ledger, const PageArrivals& page) {
    const auto from = missing_from(stall, ledger, page);
    if (!from) return {};
    const auto base = baselines(ledger, page, *from);
    if (!base.node) return {};
    return judge(collect(stall, ledger, page, *from, base), stall);
}

}  // namespace tongke::qoe
