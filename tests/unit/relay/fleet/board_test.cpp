#include "relay/fleet/attribution.hpp"
#include "relay/fleet/counter_book.hpp"
#include "relay/fleet/room_board.hpp"
#include "relay/fleet/room_words.hpp"
#include "relay/fleet/source_watch.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;
using std::chrono::seconds;

namespace {

struct Board {
    ManualClock clock;
    RoomBoard board{BoardConfig{seconds{15}, 8, "4001910910"}};
    Room room{"510113-02", "城关三小", "510113", {}, "王工", true};

    Board() {
        auto roster = std::make_shared<Roster>();
        roster->counties["510113"] = {"510113", "示例县"};
        roster->rooms[room.id] = room;
        roster->index();
        board.set_roster(roster);
    }
    void enrol() {
        board.set_nodes({Node{"n-510113-1", "510113", "", clock.wall(), std::nullopt, "", false}});
    }
    void report(RoomState state, std::optional<double> buffer = 7.5) {
        Telemetry t;
        RoomReport r;
        r.id = room.id;
        r.state = state;
        r.buffer_s = buffer;
        r.target_s = 8;
        r.since = clock.wall();
        t.rooms = {r};
        board.report("n-510113-1", t, clock.now(), clock.wall());
    }
    RoomSummary summary() { return board.summary(room, clock.now(), clock.wall()); }
};

StoredEvent stall(const Board& b, double length, seconds ago) {
    StoredEvent s;
    s.node = "n-510113-1";
    s.event.room = "510113-02";
    s.event.type = "stall_end";
    s.event.begin = b.clock.wall() - ago;
    s.event.seconds = length;
    s.event.cls = "short";
    s.event.hop = "node_pc";
    return s;
}

}  // namespace

TEST_CASE("a room whose county has no node, or a node that never spoke, is not enabled") {
    Board b;
    CHECK(b.summary().state == RoomState::never_enrolled);
    b.enrol();
    CHECK(b.summary().state == RoomState::never_enrolled);
    CHECK_FALSE(b.summary().since.has_value());
    CHECK(b.board.nodes_connected(b.clock.now()) == 0);
}

TEST_CASE("a node that falls silent is 失联 since it was last heard, whatever it said then") {
    Board b;
    b.enrol();
    b.report(RoomState::playing);
    const auto heard = b.clock.wall();
    CHECK(b.summary().state == RoomState::playing);
    b.clock.advance(seconds{15});
    CHECK(b.summary().state == RoomState::playing);
    b.clock.advance(seconds{1});
    const auto silent = b.summary();
    CHECK(silent.state == RoomState::offline);
    CHECK(silent.since == heard);
    CHECK_FALSE(silent.buffer_s.has_value());
    CHECK(silent.advice.find("最后状态：播放正常") != std::string::npos);
    b.report(RoomState::stalled);
    CHECK(b.summary().state == RoomState::stalled);
}

TEST_CASE("after a restart of the relay a node is 失联 since its remembered time until it speaks") {
    Board b;
    const auto seen = b.clock.wall() - std::chrono::hours{1};
    b.board.set_nodes({Node{"n-510113-1", "510113", "", seen, seen, "ab", false}});
    CHECK(b.summary().state == RoomState::offline);
    CHECK(b.summary().since == seen);
}

TEST_CASE("a wall clock that jumps makes nobody 失联") {
    Board b;
    b.enrol();
    b.report(RoomState::playing);
    b.clock.set_wall(b.clock.wall() + std::chrono::hours{24});
    CHECK(b.summary().state == RoomState::playing);
}

TEST_CASE("a room that its node no longer reports is not shown with its old state") {
    Board b;
    b.enrol();
    b.report(RoomState::playing);
    b.clock.advance(seconds{16});
    b.board.report("n-510113-1", Telemetry{}, b.clock.now(), b.clock.wall());
    CHECK(b.summary().state == RoomState::offline);
}

TEST_CASE("the buffer's history is one minimum a 10 s cell, with gaps where nothing was known") {
    Board b;
    b.enrol();
    b.report(RoomState::playing, 7);
    b.report(RoomState::playing, 5);
    b.clock.advance(seconds{20});
    b.report(RoomState::playing, 6);
    CHECK(b.summary().buffer_history == std::vector<std::optional<double>>{5, std::nullopt, 6});
    for (int i = 0; i < 100; ++i) b.clock.advance(seconds{10}), b.report(RoomState::playing, i);
    CHECK(b.summary().buffer_history.size() == 60);
    CHECK(b.summary().buffer_history.back() == 99);
}

TEST_CASE("stalls of today are summed, yesterday's only remembered as the last") {
    Board b;
    b.enrol();
    b.board.stall_ended(stall(b, 3, std::chrono::hours{30}), b.clock.wall());
    CHECK(b.summary().today.stalls == 0);
    CHECK(b.summary().last_stall->seconds == 3);
    auto today = stall(b, 2, seconds{60});
    b.board.stall_ended(today, b.clock.wall());
    today.final_hop = "encoder";
    b.board.stall_settled(today);
    CHECK(b.summary().today.stalls == 1);
    CHECK(b.summary().today.stalled_s == 2);
    CHECK(b.summary().last_stall->hop == "encoder");
    b.clock.advance(std::chrono::hours{24});
    CHECK(b.summary().today.stalls == 0);
}

TEST_CASE("another county's room in a node's report changes nothing") {
    Board b;
    b.board.set_nodes({Node{"n-510114-1", "510114", "", b.clock.wall(), std::nullopt, "", false},
                       Node{"n-510113-1", "510113", "", b.clock.wall(), std::nullopt, "", false}});
    Telemetry t;
    RoomReport r;
    r.id = "510113-02";
    r.state = RoomState::playing;
    t.rooms = {r};
    b.board.report("n-510114-1", t, b.clock.now(), b.clock.wall());
    CHECK(b.summary().state == RoomState::never_enrolled);
}

TEST_CASE("the headline counts and names whom to call first; trouble is sorted to the top") {
    Board b;
    auto playing = b.summary(), stalled = b.summary();
    playing.state = RoomState::playing;
    stalled.state = RoomState::stalled;
    stalled.open_stall = StallReport{{}, {}, 43, "long", "node_pc", {}};
    std::vector<RoomSummary> rooms{playing, stalled, playing};
    sort_by_urgency(rooms);
    CHECK(rooms[0].state == RoomState::stalled);
    CHECK(headline(rooms) ==
          "3 室：2 正常 · 1 停顿 — 请先联系 城关三小（停顿 00:43，县节点到教室的网络停顿）");
    CHECK(headline({playing}) == "1 室：1 正常");
    CHECK(headline({}) == "0 室");
}

namespace {
const WallTime kNoon = from_unix_ms(1'744'768'800'000);
StallSpan span(std::string node, int begin_s, int length_s, std::string hop = "relay_node") {
    return {std::move(node), "r", kNoon + seconds{begin_s}, kNoon + seconds{begin_s + length_s},
            std::move(hop)};
}
}  // namespace

TEST_CASE("one site's stall keeps its node's verdict") {
    CHECK(final_hop(span("a", 0, 5), {}, 10, {}) == "relay_node");
    const std::vector<StallSpan> same_node{span("a", 0, 5), span("a", 1, 5), span("a", 2, 5)};
    CHECK(final_hop(span("a", 0, 5), same_node, 1, {}) == "relay_node");
}

TEST_CASE("many nodes at the same moment have one cause upstream, except what is the PC's own") {
    const std::vector<StallSpan> others{span("b", 1, 5), span("c", 2, 4), span("d", 30, 5)};
    CHECK(final_hop(span("a", 0, 5), others, 4, {}) == "encoder");
    CHECK(final_hop(span("a", 0, 5), others, 100, {}) == "relay_node");
    CHECK(final_hop(span("a", 0, 5, "pc"), others, 4, {}) == "pc");
}

TEST_CASE("a gap of the source that is long enough explains the stalls that follow it") {
    const std::vector<SourceGap> gaps{{kNoon - seconds{8}, kNoon + seconds{4}}};
    CHECK(final_hop(span("a", 0, 5), {}, 1, gaps) == "encoder");
    CHECK(final_hop(span("a", 60, 5), {}, 1, gaps) == "relay_node");
    CHECK(final_hop(span("a", -10, 5), {}, 1, gaps) == "relay_node");
    CHECK(final_hop(span("a", 0, 60), {}, 1, gaps) == "relay_node");
}

TEST_CASE("the source is silent only when no frame came for more than two samples") {
    SourceWatch watch;
    for (int s = 0; s < 5; ++s) watch.sample(100 + s, kNoon + seconds{s});
    CHECK(watch.gaps(kNoon + seconds{5}).empty());
    watch.sample(104, kNoon + seconds{6});
    CHECK(watch.gaps(kNoon + seconds{8}).size() == 1);
    watch.sample(105, kNoon + seconds{9});
    const auto gaps = watch.gaps(kNoon + seconds{10});
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].begin == kNoon + seconds{4});
    CHECK(gaps[0].end == kNoon + seconds{9});
}

TEST_CASE("cumulative counters are subtracted; a smaller value is a restart, not a loss") {
    CounterBook book;
    CHECK(book.since_last("n", "r", {100, 5}).play_s == 0);
    CHECK(book.since_last("n", "r", {130, 5}).play_s == 30);
    CHECK(book.since_last("n", "r", {200, 6}).stalled_s == 1);
    CHECK(book.since_last("n", "r", {20, 0}).play_s == 20);
    CHECK(book.since_last("n", "other", {20, 0}).play_s == 0);
}
