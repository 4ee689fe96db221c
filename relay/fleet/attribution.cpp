#include "relay/fleet/attribution.hpp"

#include <algorithm>
#include <set>

namespace tongke::relay {
namespace {

bool explained_by(const SourceGap& gap, const StallSpan& stall, const AttributionRules& rules) {
    const auto length = std::chrono::duration<double>(stall.end - stall.begin);
    return gap.begin <= stall.begin && stall.begin <= gap.end + rules.refill &&
           std::chrono::duration<double>(gap.end - gap.begin) >= rules.gap_share * length;
}

std::size_t nodes_at_once(const StallSpan& stall, std::span<const StallSpan> others,
                          const AttributionRules& rules) {
    std::set<std::string_view> nodes{stall.node};
    for (const auto& other : others) {
        if (std::chrono::abs(other.begin - stall.begin) <= rules.together) nodes.insert(other.node);
    }
    return nodes.size();
}

}  // namespace

std::string final_hop(const StallSpan& stall, std::span<const StallSpan> others, std::size_t nodes_playing,
                      std::span<const SourceGap> gaps, const AttributionRules& rules) {
    // What is wrong in the classroom's own PC is not explained by anything upstream.
    if (stall.hop == "pc") return stall.hop;
    if (std::any_of(gaps.begin(), gaps.end(),
                    [&](const auto& gap) { return explained_by(gap, stall, rules); }))
        return "encoder";
    const auto nodes = nodes_at_once(stall, others, rules);
    const auto share = static_cast<double>(nodes) / static_cast<double>(std::max(nodes, nodes_playing));
    if (nodes >= rules.nodes_min && share >= rules.nodes_share) return "encoder";
    return stall.hop;
}

}  // namespace tongke::relay
