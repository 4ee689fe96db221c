#include "player/control/lease.hpp"

#include "player/control/sessions.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {
Lease lease(const std::string& session, std::optional<WallTime> slot_end = at("12:00")) {
    Lease l;
    l.room = "r1";
    l.account = "t1";
    l.session = session;
    l.take_over = "to-" + session;
    l.started = at("09:05");
    l.slot_end = slot_end;
    return l;
}
}  // namespace

TEST_CASE("a lease survives its file with every fencing number") {
    LeaseBook book;
    book.take(lease("a"));
    CHECK(book.take(lease("b")).fencing == 2);
    auto again = LeaseBook::from_json(book.to_json());
    REQUIRE(again.has_value());
    CHECK(again->active("r1")->session == "b");
    CHECK(again->active("r1")->started == at("09:05"));
    CHECK(again->active("r1")->slot_end == at("12:00"));
    CHECK(again->take(lease("c")).fencing == 3);
    again->stop("r1", at("10:00"));
    const auto third = LeaseBook::from_json(again->to_json());
    CHECK(third->active("r1") == nullptr);
    CHECK(third->last_end("r1")->at == at("10:00"));
}

TEST_CASE("a lease ends 30 minutes after its slot, and follows a slot that is extended") {
    LeaseBook book;
    book.take(lease("a"));
    CHECK(book.due(at("12:29")).empty());
    CHECK(book.due(at("12:30")) == std::vector<std::string>{"r1"});
    CHECK(book.follow_slot("r1", at("16:00")));
    CHECK_FALSE(book.follow_slot("r1", at("16:00")));
    CHECK(book.due(at("12:30")).empty());
}

TEST_CASE("a lease outside the schedule ends by itself") {
    LeaseBook book;
    book.take(lease("a", std::nullopt));
    CHECK(book.due(at("15:04")).empty());
    CHECK(book.due(at("15:05")).size() == 1);
}

TEST_CASE("a damaged lease file is an error, not a crash") {
    for (const auto* bad : {"", "[]", "{", "null"}) CHECK(LeaseBook::from_json(bad).has_error());
    CHECK(LeaseBook::from_json(R"({"active":[1,{"room":5}],"ended":{}})")->all().empty());
}

TEST_CASE("a session is found by its cookie and not by what is on disk") {
    Sessions sessions;
    const auto cookie = sessions.open("t1", at("09:00"), [](auto&) { return false; });
    REQUIRE(sessions.find(cookie));
    CHECK(sessions.to_json().find(cookie) == std::string::npos);
    const auto again = Sessions::from_json(sessions.to_json());
    CHECK(again->find(cookie)->account == "t1");
    CHECK(again->find(again->find(cookie)->id) == nullptr);
    CHECK(sessions.close(cookie));
    CHECK_FALSE(sessions.find(cookie));
    CHECK_FALSE(sessions.find(std::string(4096, 'x')));
}

TEST_CASE("a session ages, unless it holds a lease") {
    Sessions sessions;
    const auto idle = sessions.open("t1", at("09:00"), [](auto&) { return false; });
    const auto plays = sessions.open("t1", at("09:00"), [](auto&) { return false; });
    const auto keeps = [&](const Session& s) { return s.id == sessions.find(plays)->id; };
    CHECK_FALSE(sessions.expire(at("23:59"), keeps));
    CHECK(sessions.expire(at("09:00") + Sessions::kLife, keeps));
    CHECK_FALSE(sessions.find(idle));
    CHECK(sessions.find(plays));
}

TEST_CASE("an account cannot collect sessions without end") {
    Sessions sessions;
    for (int i = 0; i < 100; ++i)
        sessions.open("t1", at("09:00") + std::chrono::seconds{i}, [](auto&) { return false; });
    CHECK(sessions.size() == Sessions::kPerAccount);
}
