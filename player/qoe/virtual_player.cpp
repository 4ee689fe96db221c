#include "player/qoe/virtual_player.hpp"

#include <algorithm>
#include <tuple>

namespace tongke::qoe {

namespace {
std::int64_t micros(SteadyTime t) { return std::chrono::duration_cast<Micros>(t.time_since_epoch()).count(); }
}  // namespace

std::optional<std::int64_t> smallest_lag_us(std::span<const Arrival> run) {
    std::optional<std::int64_t> least;
    for (const auto& a : run) least = least ? std::min(*least, a.at_us - a.end_us) : a.at_us - a.end_us;
    return least;
}

std::optional<std::int64_t> required_latency_us(std::span<const Arrival> run) {
    const auto least = smallest_lag_us(run);
    if (!least) return {};
    auto most = run.front().at_us - run.front().begin_us;
    for (const auto& a : run) most = std::max(most, a.at_us - a.begin_us);
    return most - *least;
}

std::vector<VirtualStall> virtual_stalls(std::span<const Arrival> run, std::int64_t smallest_lag,
                                         std::int64_t latency_us) {
    std::vector<VirtualStall> stalls;
    auto lag = smallest_lag + latency_us;  // how long after its media time the player shows media now
    for (const auto& a : run) {
        const auto due = a.begin_us + lag;
        if (a.at_us <= due) continue;
        stalls.push_back({due, a.at_us});
        lag += a.at_us - due;
    }
    return stalls;
}

CurvePoint curve_point(std::span<const Arrival> run, double latency_s, const Definition& definition) {
    CurvePoint point{.latency_s = latency_s};
    const auto least = smallest_lag_us(run);
    if (!least) return point;
    auto stalled = Micros{0};
    EpisodeMerger merger(definition);
    const auto count = [&](const std::optional<Episode>& over) {
        if (!over || over->stalled < definition.counted) return;
        ++point.stalls;
        stalled += over->stalled;
    };
    for (const auto& s : virtual_stalls(run, *least, static_cast<std::int64_t>(latency_s * 1e6))) {
        if (s.end_us - s.begin_us < definition.stall_after.count()) continue;
        count(merger.begin(Micros{s.begin_us}, 0, {}));
        merger.end(Micros{s.end_us});
    }
    if (merger.current()) count(merger.close(merger.current()->end));
    point.stalled_s = static_cast<double>(stalled.count()) / 1e6;
    return point;
}

std::vector<Arrival> in_media_order(std::vector<Arrival> arrivals) {
    std::sort(arrivals.begin(), arrivals.end(), [](const Arrival& a, const Arrival& b) {
        return std::tie(a.begin_us, a.at_us) < std::tie(b.begin_us, b.at_us);
    });
    std::vector<Arrival> out;
    for (auto a : arrivals) {
        if (!out.empty()) {
            if (a.end_us <= out.back().end_us) continue;  // a repeat: the first copy counts
            a.begin_us = std::max(a.begin_us, out.back().end_us);
        }
        out.push_back(a);
    }
    return out;
}

std::vector<Arrival> arrivals_of(const Ledger& ledger, SteadyTime from) {
    std::vector<Arrival> run;
    for (const auto& p : ledger.pieces())
        if (p.node >= from) run.push_back({p.begin_ms * 1000, p.end_ms * 1000, micros(p.node)});
    return in_media_order(std::move(run));
}

VirtualPlayers::Report VirtualPlayers::report(std::span<const Arrival> run, const Definition& definition) {
    Report out;
    for (const auto latency : kCurveLatencies) out.curve.push_back(curve_point(run, latency, definition));
    if (const auto required = required_latency_us(run))
        out.required_latency_s = static_cast<double>(*required) / 1e6;
    return out;
}

SteadyTime ReferencePlayhead::due(std::int64_t media_ms) const {
    return *origin_ + Milliseconds{media_ms - origin_ms_};
}

void ReferencePlayhead::arrived(std::int64_t begin_ms, std::int64_t end_ms, SteadyTime at) {
    if (end_ms <= begin_ms || (origin_ && end_ms <= end_ms_)) return;
    if (!origin_) {
        // Like a page that joins: HOLD-BACK behind the end of what is there.
        origin_ms_ = end_ms;
        origin_ = at + latency_;
    } else if (const auto next = due(end_ms_); at > next) {
        *origin_ += at - next;  // it ran dry and waited: later from now on
    }
    if (begin_ms > end_ms_ && end_ms_ != 0) {
        // A hole is jumped as a player jumps it: its length is not waited for.
        *origin_ -= Milliseconds{begin_ms - end_ms_};
    }
    end_ms_ = end_ms;
}

std::optional<double> ReferencePlayhead::buffer(SteadyTime now) const {
    if (!origin_) return {};
    return std::max(0.0, std::chrono::duration<double>(due(end_ms_) - now).count());
}

void ReferencePlayhead::clear() {
    origin_.reset();
    end_ms_ = 0;
}

}  // namespace tongke::qoe
