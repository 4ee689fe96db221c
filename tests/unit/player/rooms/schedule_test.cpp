#include "player/rooms/schedule.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke::player;

namespace {
std::string id(const Slot* slot) { return slot ? slot->id : "-"; }
std::string say(const Bundle& bundle, const char* room, const char* clock) {
    const auto s = schedule_of(bundle, room, at(clock));
    return id(s.now) + " " + id(s.lesson) + " next " + id(s.next) + " " + id(s.next_lesson) + " debug " +
           id(s.debug) + " " + id(s.next_debug);
}
}  // namespace

TEST_CASE("the schedule of a room at a moment") {
    const auto bundle = county();
    CHECK(say(bundle, "r1", "08:00") == "- - next s1 s1 debug - d1");
    CHECK(say(bundle, "r1", "09:00") == "s1 s1 next b1 s2 debug - d1");
    CHECK(say(bundle, "r1", "10:45") == "b1 s1 next s2 s2 debug - d1");
    CHECK(say(bundle, "r1", "12:00") == "- - next s2 s2 debug - d1");
    CHECK(say(bundle, "r1", "17:00") == "d1 - next - - debug d1 -");
    CHECK(say(bundle, "r2", "17:00") == "- - next - - debug - -");
}

TEST_CASE("the stream is pulled from 15 minutes before a slot to its end") {
    const auto bundle = county();
    CHECK_FALSE(pull_due(bundle, SlotKind::lesson, at("08:44")));
    CHECK(pull_due(bundle, SlotKind::lesson, at("08:45")));
    CHECK(pull_due(bundle, SlotKind::lesson, at("11:59")));
    CHECK_FALSE(pull_due(bundle, SlotKind::lesson, at("12:00")));
    CHECK(pull_due(bundle, SlotKind::debug, at("16:15")));
    CHECK(pull_due(bundle, SlotKind::debug, at("18:09")));
    CHECK_FALSE(pull_due(bundle, SlotKind::debug, at("18:10")));
}

TEST_CASE("a time is said as people say it") {
    CHECK(when_zh(at("14:00"), at("09:00")) == "今日 14:00");
    CHECK(when_zh(at("14:00"), at("09:00") - std::chrono::hours{24}) == "明日 14:00");
    CHECK(when_zh(at("09:05"), at("09:00") - std::chrono::hours{72}) == "4月17日 09:05");
}
