#include "player/qoe/attribution.hpp"

#include <algorithm>
#include <random>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::qoe;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime kZero{100h};
constexpr std::int64_t kPdt = 1'744'768'800'000;  // media time 0

SteadyTime at(double s) { return kZero + std::chrono::duration_cast<SteadyTime::duration>(Seconds{s}); }

// Two-second segments; one fault, at one hop, from `from` for `length` seconds. The page
// holds eight seconds. Then what a stall of that fault looks like to attribute().
struct Incident {
    Ledger ledger;
    PageArrivals page;
    StallWindow stall;
    Verdict verdict() const { return attribute(stall, ledger, page); }
};

struct Fault {
    Hop hop;
    double from = 60, length = 20;
    bool answers = true;  // the relay can be asked meanwhile
};

Incident make(const Fault& f, unsigned seed = 1, double until = 200) {
    std::mt19937 random(seed);
    const auto jitter = [&] { return static_cast<double>(random() % 60) / 1000; };
    const auto held_until = [&](Hop hop, double t) {
        return f.hop == hop && t >= f.from && t < f.from + f.length ? f.from + f.length : t;
    };
    Incident out;
    double dry = 0, missing = 0, resumed = 0;
    std::vector<double> at_relay;
    for (int i = 0; i < 80; ++i) at_relay.push_back(held_until(Hop::encoder, 2 * i + 2.1 + jitter()));
    for (double t = 0.5; t < until; t += 1) {  // hedged questions each second
        if (!f.answers || held_until(Hop::relay_node, t) != t) continue;
        const auto has = std::count_if(at_relay.begin(), at_relay.end(), [&](double a) { return a <= t; });
        out.ledger.relay_answered(at(t + 0.02), kPdt + has * 2000);
    }
    for (int i = 0; i < 80; ++i) {
        const double begin = 2 * i, end = begin + 2;
        const auto relay = at_relay[static_cast<std::size_t>(i)];
        const auto node = held_until(Hop::relay_node, relay + 0.15 + jitter());
        const auto pc = held_until(Hop::node_pc, node + 0.3 + jitter());
        if (end > until) break;
        if (node <= until)
            out.ledger.arrived({.msn = i,
                                .begin_ms = kPdt + i * 2000,
                                .end_ms = kPdt + i * 2000 + 2000,
                                .bytes = 600'000,
                                .node = at(node),
                                .asked = at(relay)});
        if (pc <= until) out.page.fetched(i, at(pc - 0.1), at(pc));
        const auto due = begin + 10.5;  // HOLD-BACK behind the live edge
        if (dry == 0 && pc > due) dry = due, missing = begin, resumed = pc;
    }
    if (f.hop == Hop::pc) dry = 70, missing = 70 - 10.5, resumed = 75;
    out.stall = {.begin = at(dry),
                 .end = at(std::min(resumed, until)),
                 .stalled = std::chrono::duration_cast<Micros>(Seconds{std::min(resumed, until) - dry}),
                 .buffered_s = f.hop == Hop::pc ? 0.8 : 0.02,
                 .media_pdt = kPdt + static_cast<std::int64_t>(missing * 1000) - 40};
    return out;
}

}  // namespace

TEST_CASE("twenty seconds without the link are blamed on relay to node, at every phase") {
    for (int phase = 0; phase < 20; ++phase) {
        const auto incident =
            make({.hop = Hop::relay_node, .from = 60 + phase * 0.1}, static_cast<unsigned>(phase));
        const auto verdict = incident.verdict();
        INFO("phase " << phase);
        CHECK(verdict.hop == Hop::relay_node);
        CHECK(*verdict.share > 0.9);
    }
}

TEST_CASE("while the link is still dead the open stall is already blamed on it") {
    const auto incident = make({.hop = Hop::relay_node}, 1, 74);
    CHECK(incident.verdict().hop == Hop::relay_node);
}

TEST_CASE("an encoder that is late while the relay answers is not blamed on the link") {
    CHECK(make({.hop = Hop::encoder}).verdict().hop == Hop::encoder);
    CHECK(make({.hop = Hop::encoder}, 1, 76).verdict().hop == Hop::encoder);
}

TEST_CASE("media that reached the node in time and the page late is node to PC") {
    const auto verdict = make({.hop = Hop::node_pc}).verdict();
    CHECK(verdict.hop == Hop::node_pc);
    CHECK(*verdict.share > 0.9);
}

TEST_CASE("a stall with media there at every hop is the PC's") {
    CHECK(make({.hop = Hop::pc}).verdict().hop == Hop::pc);
}

TEST_CASE("lateness that could be the encoder's or the link's is unknown, unless the link is known dead") {
    auto incident = make({.hop = Hop::relay_node, .answers = false});
    CHECK(incident.verdict().hop == Hop::unknown);
    incident.ledger.upstream_lost(at(61));
    incident.ledger.upstream_back(at(80));
    CHECK(incident.verdict().hop == Hop::relay_node);
}

TEST_CASE("without a ledger the answer is unknown") {
    CHECK(attribute({.begin = at(10), .end = at(15), .stalled = 5s}, Ledger{}, PageArrivals{}).hop ==
          Hop::unknown);
}

TEST_CASE("a constant offset between the clocks of the hops changes nothing") {
    const auto straight = make({.hop = Hop::relay_node});
    Ledger shifted;
    for (auto p : straight.ledger.pieces()) {
        p.begin_ms += 7'000'000, p.end_ms += 7'000'000;  // media time runs on the relay's clock
        shifted.arrived(p);
    }
    shifted.upstream_lost(at(60));
    shifted.upstream_back(at(80));
    auto stall = straight.stall;
    *stall.media_pdt += 7'000'000;
    const auto verdict = attribute(stall, shifted, straight.page);
    CHECK(verdict.hop == Hop::relay_node);
    CHECK(*verdict.share == Approx(*straight.verdict().share).margin(0.02));
}

TEST_CASE("single faults of random length and phase: at least 95 of 100 verdicts are right") {
    int right = 0, asked = 0;
    for (unsigned seed = 1; seed <= 400; ++seed) {
        std::mt19937 random(seed);
        const Hop hops[] = {Hop::encoder, Hop::relay_node, Hop::node_pc, Hop::pc};
        const auto hop = hops[random() % 4];
        const auto incident = make({.hop = hop,
                                    .from = 60 + static_cast<double>(random() % 4000) / 1000,
                                    .length = 12 + static_cast<double>(random() % 18000) / 1000},
                                   seed);
        if (incident.stall.stalled < 500ms) continue;
        ++asked;
        right += incident.verdict().hop == hop ? 1 : 0;
    }
    CHECK(asked > 300);
    CHECK(right * 100 >= asked * 95);
}
