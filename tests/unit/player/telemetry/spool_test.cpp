#include "player/telemetry/spool.hpp"

#include <deque>

#include "player/telemetry/journal.hpp"
#include "player/telemetry/segment_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::telemetry;
using tongke::test::TemporaryDir;

namespace {

// A thread that runs when the test says so.
struct ManualExecutor {
    std::deque<std::function<void()>> queue;
    Executor executor() {
        return [this](std::function<void()> f) { queue.push_back(std::move(f)); };
    }
    bool run() {
        const auto any = !queue.empty();
        while (!queue.empty()) {
            auto f = std::move(queue.front());
            queue.pop_front();
            f();
        }
        return any;
    }
};

struct Threads {
    ManualExecutor disk, io;
    void run() {
        while (disk.run() || io.run()) {
        }
    }
};

struct Node {
    Threads threads;
    Spool spool;
    Node(const TemporaryDir& dir, std::string boot, std::uint64_t bound = 64 << 20,
         std::uint64_t file = 1 << 20)
        : spool({.folder = dir.path(), .boot = std::move(boot), .bound_bytes = bound, .file_bytes = file},
                threads.disk.executor(), threads.io.executor()) {}
    void event(const std::string& room, const std::string& key = "", std::string filler = "") {
        spool.append(RecordKind::event, room, key, [&](std::uint64_t seq) {
            return "{\"seq\":" + std::to_string(seq) + ",\"f\":\"" + filler + "\"}";
        });
        threads.run();
    }
};

}  // namespace

TEST_CASE("a record is told, uploaded and listed only once it is on disk") {
    TemporaryDir dir;
    Node node(dir, "b1");
    std::uint64_t told = 0;
    node.spool.append(
        RecordKind::event, "r", "", [](auto) { return "{}"; }, [&](auto seq) { told = *seq; });
    CHECK_FALSE(node.spool.unacknowledged().has_value());
    CHECK(node.spool.after("r", "", RecordKind::event).records.empty());
    node.threads.run();
    CHECK(told == 1);
    CHECK(node.spool.unacknowledged()->last_seq == 1);
}

TEST_CASE("after a restart unacknowledged events of earlier boots come first, under their own boot") {
    TemporaryDir dir;
    {
        Node first(dir, "b1");
        first.event("r");
        first.event("r");
        first.spool.acknowledge("b1", 1);
        first.threads.run();
    }
    Node second(dir, "b2");
    second.event("r");
    const auto batch = second.spool.unacknowledged();
    REQUIRE(batch);
    CHECK(batch->boot == "b1");
    CHECK(batch->first_seq == 2);
    CHECK(batch->records.size() == 1);
    second.spool.acknowledge("b1", 2);
    CHECK(second.spool.unacknowledged()->boot == "b2");
    CHECK(second.spool.unacknowledged_count() == 1);
}

TEST_CASE("the list goes on behind its cursor, for one room") {
    TemporaryDir dir;
    Node node(dir, "b1");
    node.event("r");
    node.event("other");
    node.event("r");
    const auto page = node.spool.after("r", "b1:1", RecordKind::event);
    REQUIRE(page.records.size() == 1);
    CHECK(page.records[0].seq == 3);
    CHECK(page.next == "b1:3");
    CHECK(node.spool.after("r", page.next, RecordKind::event).records.empty());
    CHECK(node.spool.after("r", page.next, RecordKind::event).next == "b1:3");
    CHECK(node.spool.after("r", "", RecordKind::event).records.size() == 2);
}

TEST_CASE("what is no cursor is told from one that points to nothing any more") {
    for (const auto* good : {"b1:1", "gone:99", "a:b:7"}) CHECK(Spool::is_cursor(good));
    for (const auto* bad : {"", "b1", ":", "b1:", ":5", "b1:x", "b1:5x", "b1:-1", "b1:99999999999999999999"})
        CHECK_FALSE(Spool::is_cursor(bad));
}

TEST_CASE("acknowledged events stay for the local list, and are known by their key after a restart") {
    TemporaryDir dir;
    {
        Node node(dir, "b1");
        node.event("r", "page:stall_begin:42");
        node.spool.acknowledge("b1", 1);
        node.threads.run();
    }
    Node again(dir, "b2");
    CHECK(again.spool.unacknowledged_count() == 0);
    CHECK(again.spool.has_key("page:stall_begin:42"));
    CHECK(again.spool.after("r", "", RecordKind::event).records.size() == 1);
}

TEST_CASE("over the bound the oldest acknowledged go first") {
    TemporaryDir dir;
    Node node(dir, "b1", 2000, 300);
    for (int i = 0; i < 40; ++i) {
        node.event("r", "", std::string(100, 'x'));
        node.spool.acknowledge("b1", static_cast<std::uint64_t>(i));
        node.threads.run();
    }
    const auto kept = node.spool.after("r", "", RecordKind::event).records;
    CHECK(kept.size() < 20);
    CHECK(kept.back().seq == 40);
    CHECK(node.spool.health().writable);
}

TEST_CASE("over the bound with nothing acknowledged nothing is lost and the state says so") {
    TemporaryDir dir;
    Node node(dir, "b1", 1000, 300);
    for (int i = 0; i < 20; ++i) node.event("r", "", std::string(100, 'x'));
    const auto stored = node.spool.after("r", "", RecordKind::event).records;
    CHECK_FALSE(node.spool.health().writable);
    CHECK(stored.front().seq == 1);
    CHECK(node.spool.unacknowledged_count() == 20);  // the rest waits in memory
    node.spool.acknowledge("b1", stored.back().seq);
    node.spool.retry();
    node.threads.run();
    CHECK(node.spool.health().writable);
    CHECK(node.spool.after("r", "", RecordKind::event).records.back().seq == 20);
}

TEST_CASE("a disk that fails and recovers loses nothing and leaves no hole in the numbers") {
    TemporaryDir dir;
    Node node(dir, "b1");
    node.event("r");
    std::filesystem::rename(dir / "records", dir / "away");
    std::filesystem::remove_all(dir / "away");
    Node broken(dir, "b2", 64 << 20, 1);  // a new file each time, in a folder that is gone
    std::filesystem::remove_all(dir / "records");
    broken.event("r");
    CHECK_FALSE(broken.spool.health().writable);
    std::filesystem::create_directories(dir / "records");
    broken.spool.retry();
    broken.threads.run();
    CHECK(broken.spool.health().writable);
    CHECK(broken.spool.unacknowledged()->last_seq == 1);
}

TEST_CASE("stop waits for the write in flight and refuses what comes after") {
    TemporaryDir dir;
    Node node(dir, "b1");
    auto stopped = false;
    node.spool.append(RecordKind::event, "r", "", [](auto) { return "{}"; });
    node.spool.stop([&] { stopped = true; });
    CHECK_FALSE(stopped);
    node.threads.run();
    CHECK(stopped);
    Error error;
    node.spool.append(
        RecordKind::event, "r", "", [](auto) { return "{}"; }, [&](auto r) { error = r.error(); });
    CHECK(error == SpoolError::closed);
}

TEST_CASE("beacons are acknowledged after one sync for all waiting, and come back after a restart") {
    TemporaryDir dir;
    const auto at = from_unix_ms(1'744'768'800'000);
    {
        Threads threads;
        Journal journal({.folder = dir.path()}, threads.disk.executor(), threads.io.executor());
        int done = 0;
        for (int i = 0; i < 3; ++i)
            journal.append({at, "r", "{\"seq\":\n1}"}, [&](auto r) { done += r ? 1 : 0; });
        CHECK(done == 0);
        threads.run();
        CHECK(done == 3);
    }
    Threads threads;
    Journal again({.folder = dir.path()}, threads.disk.executor(), threads.io.executor());
    const auto recorded = again.take_recorded();
    REQUIRE(recorded.size() == 3);
    CHECK(recorded[0].arrival == at);
    CHECK(recorded[0].body == "{\"seq\": 1}");
    CHECK(again.take_recorded().empty());
}

TEST_CASE("beacons older than is kept go, file by file") {
    TemporaryDir dir;
    Threads threads;
    Journal journal({.folder = dir.path(), .keep = Milliseconds{60'000}, .file_bytes = 100},
                    threads.disk.executor(), threads.io.executor());
    for (int s = 0; s < 600; s += 10) {
        journal.append({from_unix_ms(1'000'000 + s * 1000), "r", std::string(80, 'x')}, [](auto) {});
        threads.run();
    }
    Journal again({.folder = dir.path()}, threads.disk.executor(), threads.io.executor());
    const auto kept = again.take_recorded().size();
    CHECK(kept >= 6);
    CHECK(kept <= 9);
}
