#include "common/pull/continuity.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::pull;

namespace {

hls::SharedSegment segment(const char* run, std::int64_t msn) {
    auto s = std::make_shared<hls::Segment>();
    s->run = run;
    s->msn = msn;
    return s;
}

}  // namespace

TEST_CASE("segments pass once and in order") {
    Continuity gate({});
    CHECK(gate.pass(segment("a", 5)).segment->msn == 5);
    CHECK(gate.pass(segment("a", 6)).segment->msn == 6);
    CHECK(gate.pass(segment("a", 6)).segment == nullptr);
    CHECK(gate.pass(segment("a", 5)).segment == nullptr);
    CHECK(gate.last_relay_msn() == 6);
}

TEST_CASE("a hole is counted and becomes a discontinuity") {
    Continuity gate({});
    CHECK_FALSE(gate.pass(segment("a", 5)).segment->discontinuity);
    const auto after = gate.pass(segment("a", 9));
    CHECK(after.missed == 3);
    CHECK(after.segment->discontinuity);
}

TEST_CASE("a relay's restart jumps in numbers without anything missed") {
    Continuity gate({});
    gate.pass(segment("a", 5));
    const auto after = gate.pass(segment("b", 16));
    CHECK(after.missed == 0);
    CHECK(after.segment->msn == 16);
    CHECK(after.segment->discontinuity);
}

TEST_CASE("numbers never fall, even when the relay forgot its own") {
    Continuity gate({});
    gate.pass(segment("a", 500));
    CHECK(gate.pass(segment("b", 0)).segment->msn == 501);
    CHECK(gate.pass(segment("b", 1)).segment->msn == 502);
    CHECK(gate.pass(segment("b", 1)).segment == nullptr);
    CHECK(gate.progress()->msn_offset == 501);
    CHECK(gate.last_relay_msn() == 1);
}

TEST_CASE("after the node's restart the window is taken again under the same numbers") {
    Continuity gate(UpstreamProgress{"b", 502, 501});
    CHECK_FALSE(gate.last_relay_msn());
    const auto first = gate.pass(segment("b", 0));
    REQUIRE(first.segment);
    CHECK(first.segment->msn == 501);
    CHECK(first.missed == 0);
    CHECK(gate.pass(segment("b", 1)).segment->msn == 502);
}

TEST_CASE("after the node's restart a relay that forgot its numbers is lifted above the old ones") {
    Continuity gate(UpstreamProgress{"a", 700, 0});
    CHECK(gate.pass(segment("c", 3)).segment->msn == 701);
}

TEST_CASE("what is kept on disk never falls, not even while the window is taken again") {
    Continuity gate(UpstreamProgress{"b", 502, 0});
    gate.pass(segment("b", 490));
    CHECK(gate.progress()->last_msn == 502);
    CHECK(gate.pass(segment("c", 0)).segment->msn == 503);
}
