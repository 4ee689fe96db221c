#include "player/control/classroom.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/player/control/node_parts.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {

struct Played : NodeParts {
    std::unique_ptr<Classroom> classroom;
    Lease lease;
    std::int64_t seq = 0;

    Played() {
        clock.set_wall(at("09:30"));
        lease.room = "r1";
        lease.take_over = "first";
        lease.started = at("09:30");
        boot();
    }
    void boot() {
        restart();
        classroom = std::make_unique<Classroom>("r1", *channel, *events, metrics, clock);
    }
    /// The page reports five samples a second that show no new frame, over so many seconds.
    Error hang(int seconds) {
        Error first_error;
        for (int i = 0; i < seconds * 5; ++i) {
            clock.advance(Milliseconds{200});
            const auto error = classroom->beacons(batch(), clock.now());
            if (error && !first_error) first_error = error;
        }
        return first_error;
    }
    qoe::BeaconBatch batch() {
        qoe::BeaconBatch b{.page = "page", .seq = ++seq};
        b.sent = qoe::Micros{seq * 200'000};
        qoe::Sample sample;
        sample.at = b.sent;
        sample.presented = std::min<std::int64_t>(seq, 10) * 5;
        sample.media_time = sample.current_time = qoe::Micros{sample.presented * 40'000};
        b.samples = {sample};
        return b;
    }
};

}  // namespace

TEST_CASE("a wall clock set back before a restart loses no stall") {
    Played room;
    room.clock.set_wall(at("08:30"));  // an hour before the lease
    room.boot();
    room.classroom->begin(room.lease);
    CHECK_FALSE(room.hang(8));
    room.run();
    CHECK(room.count("stall_begin") == 1);
}

TEST_CASE("what was recorded before the wall clock was set back is left out") {
    Played room;
    room.clock.set_wall(at("08:30"));
    room.boot();
    room.classroom->begin(room.lease);
    const auto recorded = room.clock.now() + std::chrono::minutes{50};
    CHECK_FALSE(room.classroom->beacons(room.batch(), recorded, true));
    CHECK_FALSE(room.hang(8));
    CHECK(room.classroom->measured().pc_buffer_s);
}

TEST_CASE("a lesson's begin is told once, also when the node was killed before it was on disk") {
    Played room;
    room.classroom->begin(room.lease);  // killed: the spool wrote nothing
    room.boot();
    room.classroom->begin(room.lease);
    room.run();
    CHECK(room.count("playback_start") == 1);
    room.boot();
    room.lease.take_over = "another PC";
    room.classroom->begin(room.lease);
    room.run();
    CHECK(room.count("playback_start") == 1);
    room.classroom->end(room.clock.wall());
    room.clock.advance(std::chrono::minutes{1});
    room.lease.started = room.clock.wall();
    room.classroom->begin(room.lease);
    room.run();
    CHECK(room.count("playback_start") == 2);
}
