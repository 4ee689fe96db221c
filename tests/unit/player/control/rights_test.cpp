#include "player/control/rights.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {

const Bundle& bundle() {
    static const auto made = county();
    return made;
}

std::optional<Who> person(const std::string& name) {
    const auto* account = bundle().account(name);
    if (!account) return std::nullopt;
    return Who{account->account, account->role, "session-" + name};
}

/// A request that only the named things make wrong.
struct Ask {
    RightsQuery q;
    Lease held;
    Ended ended;
    std::string tester;

    Ask(Action action, const std::string& who, const char* clock = "09:30") {
        q.action = action;
        q.who = person(who);
        q.bundle = &bundle();
        q.room = "r1";
        q.at_venue = true;
        q.test_running = action == Action::test_beacon;
        if (q.who) q.test_session = tester = q.who->session;
        q.now = at(clock);
    }
    Ask& playing(const std::string& session = "session-t1") {
        held.session = session;
        held.take_over = "secret";
        q.lease = &held;
        return *this;
    }
    Ask& over(const char* clock) {
        ended.at = at(clock);
        q.last_end = &ended;
        return *this;
    }
    std::string say() const {
        const auto ruling = may(q);
        return ruling.allowed ? "ok" : std::to_string(ruling.status) + " " + ruling.code;
    }
};

struct Row {
    const char* who;
    const char* read;
    const char* control;  // start, stop, lesson media and beacons while it plays
    const char* test;     // test start, media and beacons in the window
};
constexpr Row kTable[] = {
    {"", "401 not_logged_in", "401 not_logged_in", "401 not_logged_in"},
    {"t1", "ok", "ok", "ok"},
    {"t2", "403 not_your_room", "403 not_homeroom_teacher", "403 not_your_room"},
    {"j1", "ok", "403 not_homeroom_teacher", "ok"},
    {"j2", "403 not_your_room", "403 not_homeroom_teacher", "403 not_your_room"},
    {"it", "ok", "403 not_homeroom_teacher", "403 not_your_room"},
};
constexpr Action kControl[] = {Action::start, Action::stop, Action::lesson_media, Action::lesson_beacon};
constexpr Action kTest[] = {Action::test_start, Action::test_media, Action::test_beacon};

}  // namespace

TEST_CASE("every role × every action, while the lesson plays") {
    for (const auto& row : kTable) {
        CAPTURE(row.who);
        CHECK(Ask{Action::read, row.who}.say() == row.read);
        for (const auto action : kControl) CHECK(Ask{action, row.who}.playing().say() == row.control);
        for (const auto action : kTest) CHECK(Ask(action, row.who, "17:00").say() == row.test);
    }
}

TEST_CASE("no role but the teacher's is ever allowed to start, stop or watch a lesson") {
    for (const auto role : auth::all_roles()) {
        for (const auto action : kControl) {
            Ask ask{action, "t1"};
            ask.playing();
            ask.q.who->role = role;
            CHECK((ask.say() == "ok") == (role == auth::Role::teacher));
        }
    }
}

TEST_CASE("strangers are refused the same before, during and after the lesson") {
    for (const auto& row : kTable) {
        if (std::string_view{row.who} == "t1") continue;
        for (const auto action : kControl) {
            CHECK(Ask{action, row.who}.say() == row.control);
            CHECK(Ask{action, row.who}.over("09:10").say() == row.control);
            CHECK(Ask(action, row.who, "20:00").say() == row.control);
        }
    }
}

TEST_CASE("a phone may only read") {
    for (const auto action : {Action::start, Action::stop, Action::lesson_media, Action::lesson_beacon,
                              Action::test_start, Action::test_media, Action::test_beacon}) {
        Ask ask{action, "t1"};
        ask.playing().q.phone = true;
        CHECK(ask.say() == "403 desktop_only");
    }
    Ask read{Action::read, "t1"};
    read.q.phone = true;
    CHECK(read.say() == "ok");
}

TEST_CASE("elsewhere than the venue one may only read") {
    for (const auto action :
         {Action::start, Action::stop, Action::lesson_media, Action::test_start, Action::test_media}) {
        Ask ask{action, "t1"};
        ask.playing().q.at_venue = false;
        CHECK(ask.say() == "403 not_at_venue");
    }
    Ask read{Action::read, "t1"};
    read.q.at_venue = false;
    CHECK(read.say() == "ok");
}

TEST_CASE("outside the schedule a start needs a reason and names the next lesson") {
    Ask early{Action::start, "t1", "08:00"};
    CHECK(early.say() == "409 outside_schedule");
    CHECK(may(early.q).next == at("09:00"));
    early.q.reason = "补播";
    CHECK(may(early.q).allowed);
    CHECK(may(early.q).outside_schedule);
    CHECK(Ask(Action::start, "t1", "20:00").say() == "409 outside_schedule");
    CHECK_FALSE(may(Ask(Action::start, "t1", "20:00").q).next);
    CHECK_FALSE(may(Ask(Action::start, "t1", "09:30").q).outside_schedule);
}

TEST_CASE("another PC of the same teacher must take over") {
    Ask second{Action::start, "t1"};
    second.playing("another PC");
    CHECK(second.say() == "409 already_controlled");
    CHECK(may(second.q).take_over == "secret");
    second.q.take_over = "guess";
    CHECK(second.say() == "409 already_controlled");
    second.q.take_over = "secret";
    CHECK(second.say() == "ok");
    Ask watch{Action::lesson_media, "t1"};
    CHECK(watch.playing("another PC").say() == "409 already_controlled");
    CHECK(may(watch.q).take_over.empty());
    CHECK(Ask{Action::stop, "t1"}.playing("another PC").say() == "409 already_controlled");
}

TEST_CASE("media is not there before the start and gone after the end") {
    CHECK(Ask{Action::lesson_media, "t1"}.say() == "403 not_started");
    CHECK(Ask{Action::lesson_media, "t1"}.over("09:10").say() == "403 ended");
    CHECK(Ask(Action::lesson_media, "t1", "14:10").over("11:50").say() == "403 not_started");
    CHECK(Ask{Action::stop, "t1"}.say() == "409 not_started");
}

TEST_CASE("the test channel opens in the debug window only, a running test may finish") {
    Ask closed{Action::test_start, "j1", "15:00"};
    CHECK(closed.say() == "409 outside_window");
    CHECK(may(closed.q).next == at("16:30"));
    Ask after{Action::test_media, "j1", "18:01"};
    CHECK(after.say() == "409 outside_window");
    after.q.test_running = true;
    CHECK(after.say() == "ok");
    Ask again{Action::test_start, "j1", "18:01"};
    again.q.test_running = true;
    CHECK(again.say() == "409 outside_window");
}

TEST_CASE("only the session that runs the test reports what it sees, and only while it runs") {
    Ask ask{Action::test_beacon, "j1", "17:00"};
    CHECK(ask.say() == "ok");
    ask.q.test_session = "the teacher's page";
    CHECK(ask.say() == "403 not_your_test");
    ask.q.test_running = false;
    ask.q.test_session = {};
    CHECK(ask.say() == "409 no_test_running");
    Ask late{Action::test_beacon, "j1", "18:01"};
    CHECK(late.say() == "ok");  // a running test may finish
    late.q.test_running = false;
    CHECK(late.say() == "409 no_test_running");
}

TEST_CASE("without a valid bundle nothing new starts, what plays goes on") {
    Ask stale{Action::start, "t1", "09:30"};
    auto old = county();
    old.valid_until = at("09:00");
    stale.q.bundle = &old;
    CHECK(stale.say() == "403 rights_expired");
    stale.q.action = Action::lesson_media;
    CHECK(stale.playing().say() == "ok");
    Ask none{Action::read, "t1"};
    none.q.bundle = nullptr;
    CHECK(none.say() == "403 not_your_room");
}

TEST_CASE("a room without a homeroom teacher is nobody's to play") {
    Ask ask{Action::start, "t1"};
    ask.q.room = "r3";
    CHECK(ask.say() == "403 not_homeroom_teacher");
    ask.q.who->account = "";
    CHECK(ask.say() == "403 not_homeroom_teacher");
}
