#include "common/time/format.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;

TEST_CASE("a wall time is written in UTC with milliseconds") {
    CHECK(to_iso8601(from_unix_ms(1'744'768'800'000)) == "2025-04-16T02:00:00.000Z");
    CHECK(to_iso8601(from_unix_ms(7)) == "1970-01-01T00:00:00.007Z");
    CHECK(to_iso8601(from_unix_ms(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a wall time outside four-digit years is clamped") {
    CHECK(to_iso8601(WallTime::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(to_iso8601(WallTime::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("what was written is read back") {
    for (const std::int64_t ms : {0LL, 1LL, 951'782'400'123LL, 1'744'768'800'999LL, -62'167'219'200'000LL})
        CHECK(parse_iso8601(to_iso8601(from_unix_ms(ms))) == from_unix_ms(ms));
}

TEST_CASE("offsets and fractions of any length are understood") {
    const auto ten = from_unix_ms(1'744'768'800'000);
    CHECK(parse_iso8601("2025-04-16T10:00:00+08:00") == ten);
    CHECK(parse_iso8601("2025-04-15T20:30:00-05:30") == ten);
    CHECK(parse_iso8601("2025-04-16T02:00:00.5Z") == ten + Milliseconds{500});
    CHECK(parse_iso8601("2025-04-16T02:00:00.123987654Z") == ten + Milliseconds{123});
}

TEST_CASE("text that is no time is refused") {
    const auto* text = GENERATE(
        "", "2025", "2025-04-16", "2025-04-16T02:00:00", "2025-04-16 02:00:00Z", "2025-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-04-16T24:00:00Z", "2025-04-16T02:60:00Z",
        "2025-04-16T02:00:60Z", "2025-04-16T02:00:00.Z", "2025-04-16T02:00:00ZZ", "+025-04-16T02:00:00Z",
        "2025-04-16T02:00:00+8:00", "2025-04-16T02:00:00+99:00", "2025-04-16T02:00:00.0000000000000000000Z",
        "2025-04-16T02:00:00.000000000000000000000000000000000000000000000000Z", "２025-04-16T02:00:00Z");
    CAPTURE(text);
    CHECK_FALSE(parse_iso8601(text));
}

TEST_CASE("a NUL inside the text is refused") {
    CHECK_FALSE(parse_iso8601(std::string_view{"2025-04-16T02:00:00Z\0", 21}));
}
