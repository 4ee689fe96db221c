#include "player/control/control.hpp"

#include <fstream>
#include <utility>

#include "common/auth/audit.hpp"
#include "common/auth/password.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {

/// A node's control plane on one thread: what it gives to other threads waits in a queue until run().
struct Plane {
    test::TemporaryDir dir;
    ManualClock clock;
    std::vector<std::function<void()>> queue;
    std::unique_ptr<Control> control;
    int started = 0, ended = 0;

    Plane() {
        clock.set_wall(at("09:30"));
        boot();
    }
    void boot() {
        ControlOptions options;
        options.folder = dir.path();
        options.on_io = options.on_disk =
            options.on_login = [this](auto work) { queue.push_back(std::move(work)); };
        options.own_prefixes = [] { return std::vector{*net::IpPrefix::parse("127.0.0.0/8")}; };
        control = std::make_unique<Control>(std::move(options), clock);
        auto bundle = county();
        for (auto& [name, account] : bundle.accounts) account.password = password();
        control->set_bundle(std::make_shared<const Bundle>(std::move(bundle)));
        control->on_started = [this](const Lease&) { ++started; };
        control->on_ended = [this](const Lease&, WallTime) { ++ended; };
    }
    static const std::string& password() {
        static const auto hash = auth::hash_password("right horse 1", {1 << 10, 8, 1});
        return hash;
    }
    void run() {
        while (!queue.empty()) {
            auto work = std::exchange(queue, {});
            for (auto& each : work) each();
        }
    }
    LogIn log_in(const std::string& account, const std::string& typed,
                 const std::string& peer = "127.0.0.1") {
        LogIn got;
        control->log_in(account, typed, peer, [&](LogIn answer) { got = std::move(answer); });
        run();
        return got;
    }
    http::Request as(const std::string& cookie) const {
        http::Request request;
        request.peer = "127.0.0.1";
        request.headers = {{"cookie", "tongke_player=" + cookie}};
        return request;
    }
    std::string act(const std::string& cookie, Action action, const std::string& take_over = {}) {
        auto query = control->query(as(cookie), "r1", action);
        query.take_over = take_over;
        const auto ruling = may(query);
        if (!ruling.allowed) return ruling.code;
        bool kept = true;
        if (action == Action::start) control->start(query, [&](bool done) { kept = done; });
        if (action == Action::stop) control->stop_playing(query, [&](bool done) { kept = done; });
        run();
        return kept ? "ok" : "not kept";
    }
};

}  // namespace

TEST_CASE("a right password opens a session, a wrong one says nothing about the account") {
    Plane plane;
    const auto good = plane.log_in("t1", "right horse 1");
    CHECK(good.status == 200);
    CHECK(plane.control->who(plane.as(good.cookie))->account == "t1");
    const auto wrong = plane.log_in("t1", "x"), nobody = plane.log_in("nobody", "x");
    CHECK(wrong.status == 401);
    CHECK(wrong.code == nobody.code);
    CHECK_FALSE(plane.control->who(plane.as("made up")));
}

TEST_CASE("five failures lock the account from that address and end no running session") {
    Plane plane;
    const auto good = plane.log_in("t1", "right horse 1");
    for (int i = 0; i < 5; ++i) CHECK(plane.log_in("t1", "x").code == "wrong_password");
    const auto locked = plane.log_in("t1", "right horse 1");
    CHECK(locked.code == "locked");
    CHECK(locked.retry_after_s > 0);
    CHECK(plane.log_in("t1", "right horse 1", "127.0.0.2").status == 200);
    CHECK(plane.control->who(plane.as(good.cookie)));
    plane.clock.advance(std::chrono::minutes{11});
    CHECK(plane.log_in("t1", "right horse 1").status == 200);
}

TEST_CASE("a lesson goes on after a restart without a new log-in") {
    Plane plane;
    const auto cookie = plane.log_in("t1", "right horse 1").cookie;
    CHECK(plane.act(cookie, Action::start) == "ok");
    CHECK(plane.started == 1);
    plane.boot();
    CHECK(plane.act(cookie, Action::lesson_media) == "ok");
    CHECK(plane.act(cookie, Action::start) == "ok");
    CHECK(plane.started == 1);
    CHECK(plane.act(cookie, Action::stop) == "ok");
    plane.boot();
    CHECK(plane.act(cookie, Action::lesson_media) == "ended");
}

TEST_CASE("taking over moves the lesson to the other PC at once") {
    Plane plane;
    const auto first = plane.log_in("t1", "right horse 1").cookie,
               second = plane.log_in("t1", "right horse 1").cookie;
    plane.act(first, Action::start);
    CHECK(plane.act(second, Action::start) == "already_controlled");
    const auto id = may(plane.control->query(plane.as(second), "r1", Action::start)).take_over;
    CHECK(plane.act(second, Action::start, id) == "ok");
    CHECK(plane.act(second, Action::lesson_media) == "ok");
    CHECK(plane.act(first, Action::lesson_media) == "already_controlled");
    CHECK(plane.control->leases().active("r1")->fencing == 2);
    CHECK(plane.started == 1);
}

TEST_CASE("a lesson ends by itself 30 minutes after its slot, a log-out ends nothing") {
    Plane plane;
    const auto cookie = plane.log_in("t1", "right horse 1").cookie;
    plane.act(cookie, Action::start);
    plane.control->log_out(cookie, [](bool) {});
    plane.run();
    plane.clock.set_wall(at("12:29"));
    plane.control->tick();
    CHECK(plane.control->leases().active("r1"));
    plane.clock.set_wall(at("12:30"));
    plane.control->tick();
    CHECK_FALSE(plane.control->leases().active("r1"));
    CHECK(plane.ended == 1);
}

TEST_CASE("what the disk refuses is not done") {
    Plane plane;
    const auto cookie = plane.log_in("t1", "right horse 1").cookie;
    std::filesystem::create_directory(plane.dir / "leases.json");  // a rename onto it fails, also for root
    CHECK(plane.act(cookie, Action::start) == "not kept");
    CHECK_FALSE(plane.control->leases().active("r1"));
    CHECK(plane.started == 0);
}

TEST_CASE("a stop while a start is being written ends it, and nothing begins afterwards") {
    Plane plane;
    const auto cookie = plane.log_in("t1", "right horse 1").cookie;
    plane.control->start(plane.control->query(plane.as(cookie), "r1", Action::start), [](bool) {});
    plane.control->stop_playing(plane.control->query(plane.as(cookie), "r1", Action::stop), [](bool) {});
    plane.run();
    CHECK_FALSE(plane.control->leases().active("r1"));
    CHECK(plane.started == 0);
    CHECK(plane.ended == 0);
    CHECK(plane.act(cookie, Action::start) == "ok");
    CHECK(plane.started == 1);
}

TEST_CASE("a lesson taken over while its start is being written begins once") {
    Plane plane;
    const auto first = plane.log_in("t1", "right horse 1").cookie,
               second = plane.log_in("t1", "right horse 1").cookie;
    plane.control->start(plane.control->query(plane.as(first), "r1", Action::start), [](bool) {});
    const auto id = may(plane.control->query(plane.as(second), "r1", Action::start)).take_over;
    CHECK(plane.act(second, Action::start, id) == "ok");
    CHECK(plane.started == 1);
    CHECK(plane.act(second, Action::stop) == "ok");
    CHECK(plane.ended == 1);
}

TEST_CASE("a start that cannot be written undoes its own room only") {
    Plane plane;
    const auto one = plane.log_in("t1", "right horse 1").cookie,
               two = plane.log_in("t2", "right horse 1").cookie;
    plane.control->start(plane.control->query(plane.as(two), "r2", Action::start), [](bool) {});
    plane.run();
    std::filesystem::remove(plane.dir / "leases.json");
    std::filesystem::create_directory(plane.dir / "leases.json");
    plane.control->start(plane.control->query(plane.as(one), "r1", Action::start), [](bool) {});
    plane.control->stop_playing(plane.control->query(plane.as(two), "r2", Action::stop), [](bool) {});
    plane.run();
    CHECK_FALSE(plane.control->leases().active("r1"));
    CHECK_FALSE(plane.control->leases().active("r2"));
    CHECK(plane.ended == 1);
    std::filesystem::remove(plane.dir / "leases.json");
    CHECK(plane.act(one, Action::start) == "ok");
    CHECK(plane.control->leases().active("r1")->fencing == 3);
}

TEST_CASE("log-ins, starts and stops are in the audit trail and its chain is whole") {
    Plane plane;
    const auto cookie = plane.log_in("t1", "right horse 1").cookie;
    plane.log_in("t1", "x");
    plane.act(cookie, Action::start);
    plane.act(cookie, Action::stop);
    const auto check = auth::AuditFile::verify(plane.dir / "audit.log");
    CHECK(check.whole);
    CHECK(check.records == 4);
}

TEST_CASE("what a test's page sees counts from the session that started it only") {
    Plane plane;
    plane.clock.set_wall(at("17:00"));
    const auto tester = plane.log_in("j1", "right horse 1").cookie,
               teacher = plane.log_in("t1", "right horse 1").cookie;
    std::optional<std::string> session;
    plane.control->test_session = [&](std::string_view) { return session ? &*session : nullptr; };
    CHECK(plane.act(tester, Action::test_beacon) == "no_test_running");
    session = plane.control->who(plane.as(tester))->session;
    CHECK(plane.act(tester, Action::test_beacon) == "ok");
    CHECK(plane.act(teacher, Action::test_beacon) == "not_your_test");
}

TEST_CASE("the other person of a test is named while seen lately") {
    Plane plane;
    CHECK_FALSE(plane.control->attending("r1", auth::Role::technician));
    plane.log_in("j1", "x");
    CHECK_FALSE(plane.control->attending("r1", auth::Role::technician));
    const auto cookie = plane.log_in("j1", "right horse 1").cookie;
    CHECK(plane.control->attending("r1", auth::Role::technician) == "王");
    plane.clock.advance(std::chrono::minutes{29});
    plane.control->who(plane.as(cookie));
    plane.clock.advance(std::chrono::minutes{29});
    CHECK(plane.control->attending("r1", auth::Role::technician) == "王");
    CHECK_FALSE(plane.control->attending("r2", auth::Role::technician));
    plane.clock.advance(std::chrono::minutes{31});
    CHECK_FALSE(plane.control->attending("r1", auth::Role::technician));
}
