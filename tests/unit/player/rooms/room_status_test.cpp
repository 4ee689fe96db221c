#include "player/rooms/room_status.hpp"

#include "player/rooms/presence.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {
std::string word(const char* clock, Observed observed) {
    static const auto bundle = county();
    return std::string{state_code(room_state_of(schedule_of(bundle, "r1", at(clock)), observed))};
}
constexpr Observed kPlays{.started = true, .page_heard = true};
constexpr Observed kStalls{.started = true, .page_heard = true, .stalled = true, .low_buffer = true};
}  // namespace

TEST_CASE("the state word is a function of what is expected and what is seen") {
    CHECK(word("08:00", {}) == "not_due");
    CHECK(word("09:00", {}) == "due_not_started");
    CHECK(word("10:45", {}) == "not_due");
    CHECK(word("09:00", kPlays) == "playing");
    CHECK(word("09:00", {.started = true, .page_heard = true, .low_buffer = true}) == "low_buffer");
    CHECK(word("09:00", kStalls) == "stalled");
    CHECK(word("08:00", kPlays) == "out_of_slot");
    CHECK(word("08:00", kStalls) == "stalled");
    CHECK(word("09:00", {.started = true, .just_started = true}) == "playing");
    CHECK(word("09:00", {.started = true}) == "offline");
    CHECK(word("10:45", {.started = true}) == "not_due");
    CHECK(word("17:00", {.testing = true}) == "testing");
    CHECK(word("09:00", {.started = true, .testing = true, .page_heard = true}) == "playing");
}

TEST_CASE("trouble is more urgent than calm, and only trouble has advice") {
    CHECK(urgency(RoomState::stalled) < urgency(RoomState::low_buffer));
    CHECK(urgency(RoomState::low_buffer) < urgency(RoomState::playing));
    CHECK(advice_zh(RoomState::stalled, "李老师", 43.2) == "画面停顿，已停 43 秒，请联系 李老师");
    CHECK(advice_zh(RoomState::playing, "李老师", {}).empty());
}

TEST_CASE("the venue is the room's networks, or the node's own when it names none") {
    const auto bundle = county();
    const std::vector<net::IpPrefix> own{*net::IpPrefix::parse("127.0.0.0/8"),
                                         *net::IpPrefix::parse("10.1.0.0/16")};
    CHECK(at_venue(*bundle.room("r1"), "127.0.0.1", own));
    CHECK(at_venue(*bundle.room("r1"), "10.1.2.3", own));
    CHECK_FALSE(at_venue(*bundle.room("r1"), "10.2.0.1", own));
    CHECK(at_venue(*bundle.room("r2"), "192.168.7.9", own));
    CHECK(at_venue(*bundle.room("r2"), "fd00:7::1", own));
    CHECK_FALSE(at_venue(*bundle.room("r2"), "127.0.0.1", own));
    CHECK_FALSE(at_venue(*bundle.room("r1"), "", own));
}

TEST_CASE("phones and tablets are told by hint or user agent") {
    CHECK(is_phone("?1", ""));
    CHECK(is_phone("", "Mozilla/5.0 (iPad; CPU OS 16_0)"));
    CHECK(is_phone("", "Mozilla/5.0 (Linux; Android 13) Mobile"));
    CHECK_FALSE(is_phone("?0", "Mozilla/5.0 (Windows NT 6.1; Win64; x64) Chrome/109.0"));
    CHECK_FALSE(is_phone("", ""));
}
