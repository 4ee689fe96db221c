#include "player/qoe/replay.hpp"

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/unit/player/qoe/simulated_page.hpp"

using namespace tongke;
using namespace tongke::qoe;
using namespace tongke::qoe::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kPdt = 1'000'000'000'000;  // the simulated page's capture time of media time 0

std::string golden(const std::string& name) { return std::string(TONGKE_TESTS_DIR) + "/golden/qoe/" + name; }

std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Twenty seconds without the link to the relay, seen by the node and by one page. Two-second
// segments reach the node 0.15 s and the page 0.4 s after their end; it starts 10.5 s behind.
std::string incident() {
    std::multimap<std::int64_t, std::string> records;
    std::vector<SegmentArrival> at_page;
    std::vector<Fetch> fetches;
    const auto put = [&](std::int64_t us, std::string line) { records.emplace(us, std::move(line)); };
    put(0, record_room(0us, "510113-02", 8));
    for (int i = 0; i < 40; ++i) {
        const auto end = (i + 1) * 2'000'000LL;
        auto node = end + 150'000;
        if (node > 30'000'000 && node < 50'000'000) node = 50'000'000 + i * 1000;
        Piece p{.msn = i, .begin_ms = kPdt + i * 2000, .end_ms = kPdt + i * 2000 + 2000, .bytes = 600'000};
        put(node, record_segment(Micros{node}, p, Micros{node - 100'000}));
        put(node, record_answer(Micros{node}, p.end_ms));
        at_page.push_back({50, node + 250'000});
        fetches.push_back({i, 600'000, Micros{node + 150'000}, Micros{node + 250'000}, false});
    }
    put(31'200'000, record_upstream(31'200'000us, true));
    put(49'900'000, record_upstream(49'900'000us, false));
    const SimulatedPage page(at_page, 10'520'000);
    BeaconBatch b{.page = "page-1"};
    for (const auto& s : page.samples(10'000'000, 200'000)) {
        b.samples.push_back(s);
        if (b.samples.size() < 5) continue;
        ++b.seq;
        b.sent = s.at;
        for (; !fetches.empty() && fetches.front().end <= s.at; fetches.erase(fetches.begin()))
            b.fetches.push_back(fetches.front());
        put(s.at.count() + 3'000, record_batch(s.at + 3ms, "510113-02", b));
        b.samples.clear();
        b.fetches.clear();
    }
    put(120'000'000, record_finish(120s, "510113-02"));
    auto text = record_header(from_unix_ms(1'744'768'800'000));
    for (const auto& [at, line] : records) text += line;
    return text;
}

void check_golden(const std::string& name, const std::string& now) {
    if (std::getenv("UPDATE_GOLDEN")) std::ofstream(golden(name), std::ios::binary) << now;
    CHECK(read(golden(name)) == now);
}

std::size_t failing_line(const std::string& text) {
    const auto result = replay(text);
    REQUIRE_FALSE(result);
    return result.error().line;
}

}  // namespace

TEST_CASE("a recorded cut of twenty seconds replays to one stall, blamed on relay to node") {
    check_golden("cut-20s.jsonl", incident());
    const auto events = replay(read(golden("cut-20s.jsonl")));
    REQUIRE(events);
    check_golden("cut-20s.events.jsonl", *events);
    CHECK(events->find("\"type\":\"stall_end\"") != std::string::npos);
    CHECK(events->find("\"hop\":\"relay_node\"") != std::string::npos);
}

TEST_CASE("a replay is the same each time") {
    const auto text = incident();
    CHECK(*replay(text) == *replay(text));
}

TEST_CASE("a bad line stops the replay and is named") {
    const auto header = record_header(from_unix_ms(0));
    CHECK(failing_line("") == 0);
    CHECK(failing_line("nonsense") == 1);
    CHECK(failing_line("{\"type\":\"header\",\"format\":2,\"at_zero\":\"2025-04-16T02:00:00.000Z\"}") == 1);
    CHECK(failing_line(record_finish(0us, "r")) == 1);
    CHECK(failing_line(header + "{\"type\":\"surprise\",\"at_us\":1}") == 2);
    CHECK(failing_line(header + "\n\n" + "{\"type\":\"answer\",\"at_us\":1}") == 4);
    CHECK(failing_line(header + record_answer(5us, 1) + record_answer(4us, 1)) == 3);
    CHECK(failing_line(header + record_answer(Micros{1LL << 60}, 1)) == 2);
    CHECK(failing_line(header + "{\"type\":\"beacons\",\"at_us\":1,\"room\":\"r\",\"batch\":{}}") == 2);
    CHECK(failing_line(header + std::string(2 << 20, ' ') + "{}") == 2);
}

TEST_CASE("a recording without pages gives the virtual players and the required latency") {
    auto text = record_header(from_unix_ms(0));
    for (int i = 0; i < 20; ++i) {
        const Piece p{.msn = i, .begin_ms = i * 2000, .end_ms = i * 2000 + 2000};
        const Micros at{(i * 2 + 2 + (i >= 10 ? 5 : 0)) * 1'000'000};
        text += record_segment(at, p, at);
    }
    const auto events = replay(text);
    REQUIRE(events);
    CHECK(events->find(R"({"type":"virtual_player","latency_s":4E0,"stalls":1,"stalled_s":3E0)") !=
          std::string::npos);
    CHECK(events->find(R"({"type":"required_latency","seconds":7E0)") != std::string::npos);
}
