#include "common/store/database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "common/metrics/metrics.hpp"
#include "common/store/migrations.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using store::Database;
using store::Errc;

namespace {

std::unique_ptr<Database> open(const test::TemporaryDir& dir, store::Options options = {}) {
    auto db = Database::open("sqlite:", dir.path(), options);
    REQUIRE(db.has_value());
    return std::move(*db);
}

std::int64_t count(Database& db) {
    const auto rows = db.query<std::int64_t>("SELECT COUNT(*) FROM t");
    REQUIRE(rows.has_value());
    return std::get<0>(rows->front());
}

}  // namespace

TEST_CASE("what is written is read back with its type, NULL included") {
    const test::TemporaryDir dir;
    auto db = open(dir);
    REQUIRE(db->execute("CREATE TABLE t (a BIGINT, b DOUBLE PRECISION, c TEXT)").has_value());
    const std::int64_t big = 1LL << 53;
    REQUIRE(db->execute("INSERT INTO t VALUES (:a, :b, :c)", {big, 0.25, "同课 𠅤 'x'"}).has_value());
    REQUIRE(db->execute("INSERT INTO t VALUES (:a, :b, :c)", {store::Value{}, store::Value{}, store::Value{}})
                .has_value());
    const auto rows = db->query<std::int64_t, std::optional<double>, std::optional<std::string>>(
        "SELECT a, b, c FROM t ORDER BY a DESC");
    REQUIRE(rows.has_value());
    CHECK((*rows)[0] == std::tuple{big, std::optional{0.25}, std::optional<std::string>{"同课 𠅤 'x'"}});
    CHECK((*rows)[1] == std::tuple{std::int64_t{0}, std::optional<double>{}, std::optional<std::string>{}});
}

TEST_CASE("execute tells how many rows it changed") {
    const test::TemporaryDir dir;
    auto db = open(dir);
    REQUIRE(db->execute("CREATE TABLE t (a BIGINT)").has_value());
    for (int i = 0; i < 3; ++i) REQUIRE(db->execute("INSERT INTO t VALUES (:a)", {i}).has_value());
    CHECK(*db->execute("UPDATE t SET a = a + 1 WHERE a > :a", {0}) == 2);
    CHECK(*db->execute("DELETE FROM t WHERE a > :a", {100}) == 0);
}

TEST_CASE("a failed transaction changes nothing, and the next one works") {
    const test::TemporaryDir dir;
    auto db = open(dir);
    REQUIRE(db->execute("CREATE TABLE t (a BIGINT PRIMARY KEY)").has_value());
    const auto failed = db->transaction([&]() -> Result<void> {
        if (auto done = db->execute("INSERT INTO t VALUES (1)"); !done) return done.error();
        if (auto done = db->execute("INSERT INTO t VALUES (1)"); !done) return done.error();
        return {};
    });
    CHECK(failed.error() == Errc::constraint);
    CHECK(count(*db) == 0);
    REQUIRE(db->transaction([&]() -> Result<void> {
        if (auto done = db->execute("INSERT INTO t VALUES (1)"); !done) return done.error();
        return {};
    }));
    CHECK(count(*db) == 1);
}

TEST_CASE("a full disk is said, counted, and loses nothing that was stored") {
    const test::TemporaryDir dir;
    metrics::Metrics metrics;
    store::Options options;
    options.metrics = &metrics;
    auto db = open(dir, options);
    REQUIRE(db->execute("CREATE TABLE t (a TEXT)").has_value());
    REQUIRE(db->execute("INSERT INTO t VALUES ('kept')").has_value());
    // SQLite answers SQLITE_FULL both when the volume is full and at this bound.
    REQUIRE(db->query<std::int64_t>("PRAGMA max_page_count = 8").has_value());
    const auto failed = db->execute("INSERT INTO t VALUES (:a)", {std::string(200'000, 'x')});
    CHECK(failed.error() == Errc::disk_full);
    CHECK(db->last_failure().find("xxx") == std::string::npos);
    CHECK(metrics.text().find("tongke_store_failures_total{reason=\"disk_full\"} 1") != std::string::npos);
    REQUIRE(db->query<std::int64_t>("PRAGMA max_page_count = 100000").has_value());
    REQUIRE(db->execute("INSERT INTO t VALUES ('after')").has_value());
    db.reset();
    CHECK(count(*open(dir)) == 2);
}

TEST_CASE("a read-only database refuses writes and answers reads") {
    const test::TemporaryDir dir;
    auto db = open(dir);
    REQUIRE(db->execute("CREATE TABLE t (a TEXT)").has_value());
    REQUIRE(db->execute("PRAGMA query_only = 1").has_value());
    CHECK(db->execute("INSERT INTO t VALUES ('x')").error() == Errc::read_only);
    CHECK(count(*db) == 0);
}

TEST_CASE("a file that is no database, a missing folder and another URL are each told apart") {
    const test::TemporaryDir dir;
    std::ofstream{dir / "tongke.sqlite"} << std::string(5000, 'j');
    CHECK(Database::open("sqlite:", dir.path()).error() == Errc::not_a_database);
    CHECK(Database::open("sqlite:", dir / "absent").error() == Errc::cannot_open);
    CHECK(Database::open("mysql://x", dir.path()).error() == Errc::bad_url);
}

TEST_CASE("pages damaged under an open database fail the query, not the process") {
    const test::TemporaryDir dir;
    auto db = open(dir);
    REQUIRE(db->execute("CREATE TABLE t (a TEXT)").has_value());
    for (int i = 0; i < 50; ++i)
        REQUIRE(db->execute("INSERT INTO t VALUES (:a)", {std::string(2000, 'x')}).has_value());
    db.reset();
    const int fd = ::open((dir / "tongke.sqlite").c_str(), O_WRONLY);
    const std::string junk(60'000, '\xee');
    REQUIRE(::pwrite(fd, junk.data(), junk.size(), 4096) == static_cast<ssize_t>(junk.size()));
    ::close(fd);
    db = open(dir);
    CHECK(db->query<std::string>("SELECT a FROM t").error() == Errc::not_a_database);
}

TEST_CASE("the database file is readable by its owner only") {
    const test::TemporaryDir dir;
    auto db = open(dir);
    struct stat info {};
    REQUIRE(::stat((dir / "tongke.sqlite").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a second process waits for the lock only as long as it was told") {
    const test::TemporaryDir dir;
    auto first = open(dir);
    REQUIRE(first->execute("CREATE TABLE t (a BIGINT)").has_value());
    store::Options options;
    options.busy_timeout = Milliseconds{20};
    auto second = open(dir, options);
    REQUIRE(first->execute("BEGIN IMMEDIATE").has_value());
    CHECK(second->execute("INSERT INTO t VALUES (1)").error() == Errc::busy);
    REQUIRE(first->execute("COMMIT").has_value());
    CHECK(second->execute("INSERT INTO t VALUES (1)").has_value());
}

TEST_CASE("migrations run once, in order, and a failing one leaves the schema as it was") {
    const test::TemporaryDir dir;
    auto db = open(dir);
    const std::vector<store::Migration> one{{1, {"CREATE TABLE t (a BIGINT)"}}};
    auto two = one;
    two.push_back({2, {"ALTER TABLE t ADD COLUMN b BIGINT", "INSERT INTO t VALUES (1, 2)"}});
    auto broken = two;
    broken.push_back({3, {"INSERT INTO t VALUES (3, 4)", "nonsense"}});
    REQUIRE(store::migrate(*db, "x", one));
    REQUIRE(store::migrate(*db, "x", two));
    REQUIRE(store::migrate(*db, "x", two));
    CHECK(count(*db) == 1);
    CHECK(store::migrate(*db, "x", broken).error() == Errc::failed);
    CHECK(count(*db) == 1);
    CHECK(store::migrate(*db, "x", one).error() == Errc::newer_schema);
    CHECK(store::migrate(*db, "another", one).error() == Errc::failed);
}

TEST_CASE("two connections migrating at the same moment do it once") {
    const test::TemporaryDir dir;
    const std::vector<store::Migration> steps{{1, {"CREATE TABLE t (a BIGINT)", "INSERT INTO t VALUES (1)"}}};
    auto work = [&] {
        auto db = Database::open("sqlite:", dir.path());
        return db && store::migrate(**db, "x", steps);
    };
    bool ok[2] = {};
    std::thread other{[&] { ok[1] = work(); }};
    ok[0] = work();
    other.join();
    CHECK(ok[0]);
    CHECK(ok[1]);
    CHECK(count(*open(dir)) == 1);
}

TEST_CASE("a change made through one connection is seen by the other's counter") {
    const test::TemporaryDir dir;
    auto a = open(dir);
    REQUIRE(store::migrate(*a, "x", {}));
    auto b = open(dir);
    CHECK(*store::change_count(*b, "roster") == 0);
    REQUIRE(store::note_change(*a, "roster"));
    REQUIRE(store::note_change(*a, "roster"));
    CHECK(*store::change_count(*b, "roster") == 2);
    CHECK(*store::change_count(*b, "schedule") == 0);
}
