#include "common/auth/refusal_log.hpp"

#include <vector>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::auth;

namespace {

struct Fixture {
    std::vector<AuditEntry> written;
    RefusalLog log{[this](AuditEntry entry) { written.push_back(std::move(entry)); }};
    SteadyTime now{std::chrono::hours{1}};

    void refuse(const std::string& actor, int times) {
        for (int i = 0; i < times; ++i) log.refused({actor, "login", "10.0.0.9", "locked", {}}, now);
    }
};

}  // namespace

TEST_CASE("a flood of one kind is written ten times and then as its count") {
    Fixture f;
    f.refuse("t1", 1000);
    f.refuse("t2", 1);
    CHECK(f.written.size() == RefusalLog::kBurst + 1);
    f.now += RefusalLog::kWindow;
    f.log.tick(f.now);
    REQUIRE(f.written.size() == RefusalLog::kBurst + 2);
    CHECK(f.written.back().actor == "t1");
    CHECK(f.written.back().detail == "990 more of these within 10 s");
}

TEST_CASE("a flood of many kinds is bounded as a whole, and none goes uncounted") {
    Fixture f;
    for (int i = 0; i < 5000; ++i) f.refuse("t" + std::to_string(i), 1);
    CHECK(f.written.size() == RefusalLog::kMostWritten);
    f.now += RefusalLog::kWindow;
    f.log.tick(f.now);
    CHECK(f.written.size() == RefusalLog::kMostWritten + 1);
    CHECK(f.written.back().actor == "many");
    CHECK(f.written.back().detail == "4800 more of these within 10 s");
    f.refuse("t1", 1);
    CHECK(f.written.back().actor == "t1");
}
