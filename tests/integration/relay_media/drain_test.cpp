// A planned stop: players that understand it are asked to go elsewhere, and
// have media until they have gone.
#include <future>

#include "relay/session/session.hpp"
#include "tests/integration/relay_media/media_relay.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;
using Mode = rtmp::ClientOptions::Mode;

namespace {

/// So few connections a second that the window of a few players is some seconds.
MediaLimits slow_door(double accepts_per_second = 1) {
    MediaLimits limits;
    limits.accepts_per_second = accepts_per_second;
    return limits;
}

/// A player as ffmpeg is one: it never says that it understands a request to reconnect.
void play_plainly(RawPeer& peer, MediaRelay& relay) {
    REQUIRE(peer.say(RawPeer::opening()));
    REQUIRE(peer.say(RawPeer::command({"createStream", 2.0, rtmp::amf0::Null{}})));
    REQUIRE(peer.say(RawPeer::command({"play", 3.0, rtmp::amf0::Null{}, "main?token=token"})));
    REQUIRE(eventually([&] { return relay.info().subscribers[0] == 1; }));
}

}  // namespace

TEST_CASE("a drain asks players to go, gives them media meanwhile, and ends when they have gone") {
    MediaRelay relay({}, slow_door());
    Encoder encoder(relay.server->port(), "main?key=key");
    encoder.go_live(relay, 20);
    Client first(relay.server->port(), Mode::play, "main?token=token");
    Client second(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(first.until([&] { return !first.pictures.empty(); }));
    REQUIRE(second.until([&] { return !second.pictures.empty(); }));

    const auto begin = std::chrono::steady_clock::now();
    auto drained = std::async(std::launch::async, [&] { relay.server->drain(); });
    REQUIRE(first.until([&] { return first.asked_to_go.has_value(); }));
    REQUIRE(second.until([&] { return second.asked_to_go.has_value(); }));
    CHECK(*first.asked_to_go >= 3s);
    const auto seen = first.pictures.size();
    encoder.pictures(10);
    encoder.client.send();
    CHECK(first.until([&] { return first.pictures.size() == seen + 10; }));
    first.drop();
    second.drop();
    REQUIRE(drained.wait_for(10s) == std::future_status::ready);
    CHECK(std::chrono::steady_clock::now() - begin < *first.asked_to_go);  // some milliseconds
    CHECK(first.numbers.size() == static_cast<std::size_t>(first.numbers.back() - first.numbers.front() + 1));
    // Nobody new comes in, and the publisher is still there.
    boost::asio::io_context io;
    async::TcpSocket late(io);
    boost::system::error_code refused;
    late.connect({boost::asio::ip::address_v4::loopback(), relay.server->port()}, refused);
    CHECK(refused == boost::asio::error::connection_refused);
    CHECK(relay.info().publisher);
    relay.server->stop();
}

TEST_CASE("a drain is over in its time when a player stays") {
    MediaRelay relay;
    Encoder encoder(relay.server->port(), "main?key=key");
    encoder.go_live(relay, 20);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(player.until([&] { return !player.pictures.empty(); }));
    const auto begin = std::chrono::steady_clock::now();
    relay.server->drain();
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took >= 500ms);
    CHECK(took < 5s);
    relay.server->stop();
    CHECK(player.until_closed());
}

TEST_CASE("a drain does not wait for players that do not understand it") {
    MediaRelay relay({}, slow_door());
    Encoder encoder(relay.server->port(), "main?key=key");
    encoder.go_live(relay, 20);
    RawPeer player(relay.server->port());
    play_plainly(player, relay);
    const auto begin = std::chrono::steady_clock::now();
    relay.server->drain();
    CHECK(std::chrono::steady_clock::now() - begin < 2s);  // the window is 2.5 s
    CHECK(as_text(player.hear()).find("Reconnect") == std::string::npos);
    relay.server->stop();
}

TEST_CASE("the window grows with those who would all come back") {
    CHECK(reconnect_window(0, 1000) == 0ms);
    CHECK(reconnect_window(2895, 1000) >= 2895ms);
    CHECK(reconnect_window(2895, 1000) <= 4s);
    CHECK(reconnect_window(1'000'000, 1000) == 5s);
    CHECK(reconnect_window(10, 0) <= 5s);
    MediaRelay relay({}, slow_door(5));
    Encoder encoder(relay.server->port(), "main?key=key");
    encoder.go_live(relay, 20);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(player.until([&] { return player.window.has_value(); }));
    CHECK(*player.window >= 400ms);
    CHECK(*player.window <= 500ms);
}

TEST_CASE("who gave up in the queue takes nobody's turn") {
    MediaRelay relay({}, slow_door(5));
    Encoder encoder(relay.server->port(), "main?key=key");
    encoder.go_live(relay, 20);
    boost::asio::io_context io;
    for (int i = 0; i < 40; ++i) {  // eight seconds of its accepts
        async::TcpSocket passing(io);
        passing.connect({boost::asio::ip::address_v4::loopback(), relay.server->port()});
    }
    const auto begin = std::chrono::steady_clock::now();
    Client player(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(player.until([&] { return !player.pictures.empty(); }));
    CHECK(std::chrono::steady_clock::now() - begin < 4s);
    CHECK(relay.metric("tongke_refused_total{reason=\"gone\"}") > 20);
}
