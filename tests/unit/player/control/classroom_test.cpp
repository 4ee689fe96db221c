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
};

}  // namespace

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
