#include "relay/fleet/node_store.hpp"
#include "relay/fleet/record_store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

const WallTime kNow = from_unix_ms(1'744'768'800'000);

EventRecord event(std::int64_t seq, std::string room = "510113-02", std::string type = "stall_begin") {
    EventRecord e;
    e.boot = "ab12";
    e.seq = seq;
    e.room = std::move(room);
    e.type = std::move(type);
    e.begin = kNow + std::chrono::seconds{seq};
    e.hop = "relay_node";
    e.qoe_version = "1";
    return e;
}
EventRecord stall(std::int64_t seq) {
    auto e = event(seq, "510113-02", "stall_end");
    e.end = e.begin + std::chrono::seconds{2};
    e.seconds = 2;
    e.cls = "short";
    return e;
}
Telemetry telemetry(std::vector<EventRecord> events, std::vector<TestRecord> tests = {}) {
    Telemetry t;
    t.node = "n-510113-1";
    t.boot = "ab12";
    for (const auto& e : events) t.last_seq = std::max(t.last_seq, e.seq);
    t.events = std::move(events);
    t.tests = std::move(tests);
    return t;
}

struct Db {
    test::TemporaryDir dir;
    std::unique_ptr<store::Database> db = *store::Database::open("sqlite:", dir.path());
    RecordStore records{*db};
    NodeStore nodes{*db};
    Db() {
        REQUIRE(records.migrate());
        REQUIRE(nodes.migrate());
    }
};

std::vector<std::int64_t> seqs(const RecordStore::Page& page) {
    std::vector<std::int64_t> out;
    for (const auto& e : page.events) out.push_back(e.event.seq);
    return out;
}

}  // namespace

TEST_CASE("what is sent twice is stored once and acknowledged both times") {
    Db d;
    const auto batch = telemetry({event(1), event(2)});
    const auto first = d.records.store("n-510113-1", batch, kNow);
    CHECK(first->fresh.size() == 2);
    CHECK(first->acknowledged == 2);
    const auto again = d.records.store("n-510113-1", telemetry({event(1), event(2), event(3)}), kNow);
    CHECK(again->fresh.size() == 1);
    CHECK(again->acknowledged == 3);
    CHECK(seqs(**d.records.events_after("510113-02", "", 100)) == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("the same numbers of another node or boot are other events") {
    Db d;
    d.records.store("n-510113-1", telemetry({event(1)}), kNow);
    CHECK(d.records.store("n-510113-2", telemetry({event(1)}), kNow)->fresh.size() == 1);
    auto other = event(1);
    other.boot = "cd34";
    CHECK(d.records.store("n-510113-1", telemetry({other}), kNow)->fresh.size() == 1);
}

TEST_CASE("a cursor goes on where it was, in the order of arrival") {
    Db d;
    d.records.store("n-510113-1", telemetry({event(5), event(6, "510113-01"), event(7)}), kNow);
    auto late = event(1);
    late.boot = "99";
    d.records.store("n-510113-1", telemetry({late}), kNow);
    const auto page = **d.records.events_after("510113-02", "", 2);
    CHECK(seqs(page) == std::vector<std::int64_t>{5, 7});
    CHECK(page.next == "ab12:7");
    const auto rest = **d.records.events_after("510113-02", page.next, 2);
    CHECK(seqs(rest) == std::vector<std::int64_t>{1});
    CHECK((*d.records.events_after("510113-02", rest.next, 2))->next == rest.next);
    CHECK_FALSE(d.records.events_after("510113-02", "ab12:999", 2)->has_value());
    CHECK_FALSE(d.records.events_after("510113-02", "nonsense", 2)->has_value());
}

TEST_CASE("events survive a restart, and new ones come after them") {
    Db d;
    d.records.store("n-510113-1", telemetry({event(1)}), kNow);
    RecordStore restarted{*d.db};
    REQUIRE(restarted.migrate());
    restarted.store("n-510113-1", telemetry({event(2)}), kNow);
    CHECK(seqs(**restarted.events_after("510113-02", "", 100)) == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("a batch that cannot be written is not acknowledged and can be sent again") {
    Db d;
    REQUIRE(d.db->execute("PRAGMA query_only = 1").has_value());
    CHECK(d.records.store("n-510113-1", telemetry({event(1)}), kNow).error() == store::Errc::read_only);
    REQUIRE(d.db->execute("PRAGMA query_only = 0").has_value());
    CHECK(d.records.store("n-510113-1", telemetry({event(1)}), kNow)->fresh.size() == 1);
}

TEST_CASE("a stall is unsettled until the relay has judged it") {
    Db d;
    d.records.store("n-510113-1", telemetry({stall(1)}), kNow);
    const auto open = *d.records.unsettled();
    REQUIRE(open.size() == 1);
    REQUIRE(d.records.settle(open[0].position, "encoder"));
    CHECK(d.records.unsettled()->empty());
    CHECK((*d.records.events_after("510113-02", "", 9))->events[0].hop() == "encoder");
    CHECK(d.records.stalls_between(kNow, kNow + std::chrono::hours{1})->size() == 1);
    CHECK(d.records.stalls_between(kNow + std::chrono::hours{1}, kNow + std::chrono::hours{2})->empty());
}

TEST_CASE("a test record is completed once and then stays as it is") {
    Db d;
    TestRecord test{"ab12", 1,    "t1",         "510113-02",
                    "",     kNow, std::nullopt, "{\"id\":\"t1\",\"state\":\"running\"}"};
    d.records.store("n-510113-1", telemetry({}, {test}), kNow);
    CHECK(d.records.last_tests()->empty());
    auto done = test;
    done.verdict = "passed";
    done.json = "{\"id\":\"t1\",\"verdict\":\"passed\"}";
    d.records.store("n-510113-1", telemetry({}, {done}), kNow);
    d.records.store("n-510113-1", telemetry({}, {test}), kNow);
    CHECK((*d.records.test("510113-02", "t1"))->test.json == done.json);
    CHECK(d.records.last_tests()->size() == 1);
    CHECK_FALSE(d.records.test("510113-01", "t1")->has_value());
    CHECK(d.records.tests_of("510113-02", 10)->size() == 1);
}

TEST_CASE("a one-time code makes one node; the same key may repeat it, another may not") {
    Db d;
    REQUIRE(d.nodes.add_invite("hash", "510113", kNow, kNow + std::chrono::hours{1}));
    CHECK(d.nodes.enrol("wrong", "key-a", kNow)->refusal == NodeStore::Refusal::unknown_code);
    CHECK(d.nodes.enrol("hash", "key-a", kNow)->node.id == "n-510113-1");
    CHECK(d.nodes.enrol("hash", "key-a", kNow)->node.id == "n-510113-1");
    CHECK(d.nodes.enrol("hash", "key-b", kNow)->refusal == NodeStore::Refusal::used_code);
    CHECK(d.nodes.nodes()->size() == 1);
}

TEST_CASE("a code ends with its time, and the next node of the county gets the next number") {
    Db d;
    REQUIRE(d.nodes.add_invite("h1", "510113", kNow, kNow + std::chrono::hours{1}));
    REQUIRE(d.nodes.add_invite("h2", "510113", kNow, kNow + std::chrono::hours{1}));
    CHECK(d.nodes.enrol("h1", "key-a", kNow + std::chrono::hours{1})->refusal ==
          NodeStore::Refusal::expired_code);
    CHECK(d.nodes.enrol("h1", "key-a", kNow)->node.id == "n-510113-1");
    CHECK(d.nodes.enrol("h2", "key-b", kNow)->node.id == "n-510113-2");
}
