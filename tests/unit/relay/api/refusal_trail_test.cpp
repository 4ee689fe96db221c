#include "relay/api/refusal_trail.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

constexpr SteadyTime kStart{std::chrono::hours{1}};
constexpr auto kLater = kStart + std::chrono::seconds{10};

auth::AuditEntry entry(const std::string& action) { return {"it", action, "", "forbidden", ""}; }

}  // namespace

TEST_CASE("of a kind the first is written at once and the others as a number, the last one named") {
    RefusalTrail trail;
    CHECK(trail.refused("it", entry("first"), kStart)->action == "first");
    CHECK_FALSE(trail.refused("it", entry("second"), kStart));
    CHECK_FALSE(trail.refused("it", entry("third"), kStart));
    CHECK(trail.refused("op", entry("another's"), kStart));
    CHECK(trail.due(kLater - Milliseconds{1}).empty());
    const auto records = trail.due(kLater);
    REQUIRE(records.size() == 1);
    CHECK(records[0].actor == "it");
    CHECK(records[0].action == "third");
    CHECK(records[0].detail == "2 more within 10 s, this was the last");
    CHECK(trail.refused("it", entry("again"), kLater));
}

TEST_CASE("many kinds are written a few at once, and none is lost") {
    RefusalTrail trail;
    for (int i = 0; i < 200; ++i) trail.refused(std::to_string(i % 100), entry("x"), kStart);
    std::size_t records = 0;
    for (int turn = 0; turn < 10; ++turn) {
        const auto some = trail.due(kLater);
        CHECK(some.size() <= 20);
        records += some.size();
    }
    CHECK(records == 100);
}

TEST_CASE("more callers than can be told apart are counted together") {
    RefusalTrail trail;
    for (int i = 0; i < 10'000; ++i) REQUIRE(trail.refused(std::to_string(i), entry("x"), kStart));
    CHECK(trail.refused("one more", entry("x"), kStart)->detail == "too many callers to name each");
    CHECK_FALSE(trail.refused("and another", entry("x"), kStart));
    CHECK_FALSE(trail.refused("7", entry("x"), kStart));
    const auto rest = trail.rest();
    REQUIRE(rest.size() == 2);
    CHECK(rest[0].detail == "1 more within 10 s, this was the last");
    CHECK(rest[1].detail.find("1 more within 10 s") == 0);
    CHECK(trail.rest().empty());
}
