#include <numeric>

#include "relay/session/session.hpp"
#include "tests/integration/relay_media/media_relay.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;
using Mode = rtmp::ClientOptions::Mode;

namespace {

std::vector<std::uint32_t> ids(std::uint32_t first, std::uint32_t last) {
    std::vector<std::uint32_t> all(last - first + 1);
    std::iota(all.begin(), all.end(), first);
    return all;
}

bool steps_by_one(const std::vector<std::int64_t>& numbers) {
    return std::adjacent_find(numbers.begin(), numbers.end(), [](auto a, auto b) { return b != a + 1; }) ==
           numbers.end();
}

}  // namespace

TEST_CASE("a player joins at the newest keyframe and gets every frame from there, numbered") {
    MediaRelay relay;
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(30, 10);
    encoder.settle(relay);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(player.until([&] { return player.pictures.size() >= 5; }));
    encoder.pictures(40, 10);
    REQUIRE(player.until([&] { return player.pictures.size() >= 50; }));
    CHECK(player.pictures == ids(20, 69));
    CHECK(player.numbers.front() == player.started->first_frame);
    CHECK(steps_by_one(player.numbers));
    CHECK_FALSE(player.started->resumed);
    REQUIRE_FALSE(player.segments.empty());
    CHECK(player.segments.front().timeline_ms >= 2000);
    CHECK(player.segments.front().mark.pdt_ms > 1'700'000'000'000);
    // The first number of a run is unix_ms x 256: within a minute of now.
    CHECK(std::abs(player.numbers.front() / 256 - unix_ms(relay.clock.wall())) < 60'000);
}

TEST_CASE("players on every worker get the same frames, and all who wait get the first") {
    MediaRelay relay;
    std::vector<std::unique_ptr<Client>> players;
    for (int i = 0; i < 6; ++i)
        players.push_back(std::make_unique<Client>(relay.server->port(), Mode::play, "main?token=token"));
    for (auto& player : players)
        CHECK_FALSE(player->until([&] { return player->started.has_value(); }, 50ms));
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(30);
    for (auto& player : players) {
        REQUIRE(player->until([&] { return player->pictures.size() == 30; }));
        CHECK(player->pictures == ids(0, 29));
        CHECK(steps_by_one(player->numbers));
    }
    CHECK(relay.info().subscribers[0] == 6);
    CHECK(relay.metric("tongke_subscribers{stream=\"main\",transport=\"rtmp\"}") == 6);
}

TEST_CASE("a reader that lost its connection resumes and has every frame once") {
    MediaRelay relay;
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    Client before(relay.server->port(), Mode::play, "main?token=token");
    before.join(relay);
    encoder.pictures(30);
    REQUIRE(before.until([&] { return before.pictures.size() >= 17; }));
    before.drop();
    encoder.pictures(40);
    encoder.settle(relay);
    Client after(relay.server->port(), Mode::play, "main?token=token", before.numbers.back());
    encoder.pictures(5);
    REQUIRE(after.until([&] { return !after.pictures.empty() && after.pictures.back() == 74; }));
    CHECK(after.started->resumed);
    CHECK(after.started->first_frame == before.numbers.back() + 1);
    auto pictures = before.pictures;
    pictures.insert(pictures.end(), after.pictures.begin(), after.pictures.end());
    CHECK(pictures == ids(pictures.front(), 74));
    auto sounds = before.sounds;
    sounds.insert(sounds.end(), after.sounds.begin(), after.sounds.end());
    CHECK(sounds == ids(sounds.front(), sounds.back()));
}

TEST_CASE("resuming at a frame that the log has not got begins at the newest keyframe, and says so") {
    MediaRelay relay;
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(15, 10);
    encoder.settle(relay);
    Client player(relay.server->port(), Mode::play, "main?token=token", 5);
    REQUIRE(player.until([&] { return player.pictures.size() == 5; }));
    CHECK_FALSE(player.started->resumed);
    CHECK(player.pictures.front() == 10);
}

TEST_CASE("a slow reader jumps to the newest keyframe, is told, and holds up nobody") {
    MediaLimits limits;
    limits.unsent_bytes = 1u << 20;
    MediaRelay relay({}, limits);
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    Client slow(relay.server->port(), Mode::play, "main?token=token");
    slow.join(relay);
    Client quick(relay.server->port(), Mode::play, "main?token=token");
    quick.join(relay, "main", 2);
    encoder.pictures(10, 10, 20'000);
    REQUIRE(slow.until([&] { return slow.started.has_value() && !slow.pictures.empty(); }));
    for (int round = 0; round < 80; ++round) {
        encoder.pictures(10, 10, 20'000);
        REQUIRE(quick.until(
            [&] { return !quick.pictures.empty() && quick.pictures.back() + 1 == encoder.next_id; }));
    }
    REQUIRE(
        slow.until([&] { return !slow.pictures.empty() && slow.pictures.back() + 1 == encoder.next_id; }));
    CHECK(quick.jumps.empty());
    CHECK(steps_by_one(quick.numbers));
    REQUIRE_FALSE(slow.jumps.empty());
    CHECK(slow.numbers.size() < quick.numbers.size());
    CHECK(slow.numbers.back() == quick.numbers.back());
    CHECK(relay.metric("tongke_subscriber_skips_total{reason=\"behind\"}") >= 1);
}

TEST_CASE("an encoder that waits for no answer at all publishes from its first frame on") {
    MediaRelay relay;
    Client player(relay.server->port(), Mode::play, "main?token=token");
    player.join(relay);
    RawPeer encoder(relay.server->port());
    auto words = RawPeer::opening();
    const auto also = [&](const Bytes& more) { words.insert(words.end(), more.begin(), more.end()); };
    also(RawPeer::command({"createStream", 2.0, rtmp::amf0::Null{}}));
    also(RawPeer::command({"publish", 3.0, rtmp::amf0::Null{}, "main?key=key", "live"}));
    also(RawPeer::media(TrackKind::video, 0, test::video_header_tag()));
    also(RawPeer::media(TrackKind::audio, 0, test::audio_header_tag()));
    for (std::uint32_t i = 0; i < 5; ++i)
        also(RawPeer::media(TrackKind::video, 40 * i, test::video_tag(i == 0, i)));
    REQUIRE(encoder.say(words));
    REQUIRE(player.until([&] { return player.pictures.size() == 5; }));
    CHECK(player.pictures == ids(0, 4));
}

TEST_CASE("timestamps cross every 32-bit border without a jump on the way through") {
    for (std::uint32_t start : {0x00FFFF00u, 0x7FFFFF00u, 0xFFFFFF00u}) {
        MediaRelay relay;
        Client player(relay.server->port(), Mode::play, "main?token=token");
        player.join(relay);
        Encoder encoder(relay.server->port(), "main?key=key", start);
        REQUIRE(encoder.start());
        encoder.headers();
        encoder.pictures(30);
        REQUIRE(player.until([&] { return player.pictures.size() == 30; }));
        const std::uint32_t begin =
            start < 0x40000000u ? start
                                : player.timestamps[0];  // timeline.cpp: no player meets 31 or 32 bits
        CHECK(begin < 0x40000000u);
        for (std::uint32_t i = 0; i < 30; ++i) REQUIRE(player.timestamps[i] == begin + 40 * i);
        CHECK(relay.info().timestamp_repairs == 0);
    }
}

TEST_CASE("the stream outlives its publisher: players stay and go on with the next one") {
    MediaRelay relay;
    auto encoder = std::make_unique<Encoder>(relay.server->port(), "main?key=key");
    REQUIRE(encoder->start());
    encoder->headers();
    Client player(relay.server->port(), Mode::play, "main?token=token");
    player.join(relay);
    encoder->pictures(15);
    REQUIRE(player.until([&] { return player.pictures.size() >= 5; }));
    encoder->client.drop();
    encoder = std::make_unique<Encoder>(relay.server->port(), "main?key=key", 77'000);
    encoder->next_id = 100;
    REQUIRE(encoder->start());
    encoder->headers();
    encoder->pictures(10);
    REQUIRE(player.until([&] { return !player.pictures.empty() && player.pictures.back() == 109; }));
    CHECK(steps_by_one(player.numbers));
    CHECK(player.jumps.empty());
    CHECK(std::is_sorted(player.timestamps.begin(), player.timestamps.end()));
    CHECK(player.timestamps.back() < 15'000);
}

TEST_CASE("after a stop nothing is left") {
    {
        MediaRelay relay;
        Encoder encoder(relay.server->port(), "main?key=key");
        REQUIRE(encoder.start());
        encoder.headers();
        encoder.pictures(20);
        Client player(relay.server->port(), Mode::play, "main?token=token");
        Client waiting(relay.server->port(), Mode::play, "test?token=token");
        REQUIRE(player.until([&] { return player.pictures.size() >= 5; }));
        CHECK(Session::alive() >= 2);
        relay.stop();
        CHECK(player.until_closed());
        CHECK(encoder.client.until_closed());
    }
    CHECK(Session::alive() == 0);
    CHECK(StreamView::alive() == 0);
    CHECK(Stream::alive() == 0);
    CHECK(WireBlock::alive() == 0);
}
