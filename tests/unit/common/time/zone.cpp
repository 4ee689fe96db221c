#include "common/time/zone.hpp"

#include "common/time/format.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;

namespace {
WallTime at(const char* text) { return parse_iso8601(text).value(); }
}  // namespace

TEST_CASE("the debug day begins at ten in Shanghai") {
    const auto local = to_local(at("2025-04-16T02:00:00.250Z"));
    CHECK(local == LocalTime{2025, 4, 16, 10, 0, 0, 250, 3});
    CHECK(local_date(at("2025-04-15T16:00:00Z")) == "2025-04-16");
    CHECK(local_minute(at("2025-04-15T15:59:59Z")) == "2025-04-15 23:59");
}

TEST_CASE("local time becomes the instant and fields roll over") {
    CHECK(from_local({2025, 4, 16, 10}) == at("2025-04-16T02:00:00Z"));
    CHECK(from_local({2025, 4, 30 + 1, 24}) == at("2025-05-01T16:00:00Z"));
    CHECK(from_local({2024, 2, 29, 0, 0, 0, 7}) == at("2024-02-28T16:00:00.007Z"));
}

TEST_CASE("Shanghai's summer time of 1990 is known") {
    CHECK(to_local(at("1990-07-01T00:00:00Z")).hour == 9);
    CHECK(from_local({1990, 7, 1, 9}) == at("1990-07-01T00:00:00Z"));
}

TEST_CASE("half-days meet at half past twelve") {
    CHECK(half_day(at("2025-04-17T04:29:59.999Z")) == "2025-04-17 am");
    CHECK(half_day(at("2025-04-17T04:30:00Z")) == "2025-04-17 pm");
    CHECK(half_day(at("2025-04-17T04:00:00Z"), std::chrono::hours{12}) == "2025-04-17 pm");
}

TEST_CASE("an unknown zone is a start-up fault") {
    CHECK_THROWS_AS(to_local(at("2025-04-17T04:00:00Z"), "Asia/Nowhere"), std::runtime_error);
}
