// The relay's own test channel among real publishers and players.
#include "relay/test_channel/test_channel.hpp"

#include <thread>

#include "common/auth/proof_digits.hpp"
#include "tests/integration/relay_media/media_relay.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;
using Mode = rtmp::ClientOptions::Mode;

namespace {

struct OnTheAir {
    OnTheAir() {
        TestChannelOptions options;
        options.width = 320;
        options.height = 180;
        options.bitrate_kbps = 400;
        channel.emplace(*relay.hub.find("test"), relay.clock, relay.metrics, options);
        channel->start();
    }
    void begin() { channel->broadcast(auth::proof_secret(as_bytes("key"), relay.clock.wall())); }
    bool source_is(const std::string& client) {
        const auto info = relay.info("test");
        return info.publisher && info.publisher->client == client;
    }

    MediaRelay relay;
    std::optional<TestChannel> channel;  // goes before the hub
};

template <class Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

}  // namespace

TEST_CASE("the channel is there while the window is open, and a player sees it like any stream") {
    OnTheAir air;
    CHECK_FALSE(air.relay.info("test").publisher);
    air.begin();
    Client player(air.relay.server->port(), Mode::play, "test?token=token");
    REQUIRE(player.until([&] { return player.pictures.size() >= 60 && player.sounds.size() >= 100; }, 20s));
    REQUIRE(player.started);
    for (std::size_t i = 1; i < player.numbers.size(); ++i)
        CHECK(player.numbers[i] == player.numbers[i - 1] + 1);
    CHECK(player.segments.size() >= 1);
    const auto info = air.relay.info("test");
    CHECK(info.live);
    CHECK(info.video_codec.rfind("avc1.4d", 0) == 0);
    CHECK(info.timestamp_repairs == 0);
    air.channel->broadcast(std::nullopt);
    CHECK(eventually([&] { return !air.relay.info("test").publisher; }));
    const auto seen = player.pictures.size();
    air.begin();
    CHECK(player.until([&] { return player.pictures.size() > seen + 50; }, 20s));
}

TEST_CASE("an encoder takes the channel's place and gives it back by going") {
    OnTheAir air;
    air.begin();
    REQUIRE(eventually([&] { return air.source_is("tongke-relay"); }));
    {
        Encoder encoder(air.relay.server->port(), "test?key=key");
        REQUIRE(encoder.start());
        encoder.headers();
        encoder.pictures(20);
        encoder.client.send();
        CHECK_FALSE(air.source_is("tongke-relay"));
        encoder.client.drop();
    }
    CHECK(eventually([&] { return air.source_is("tongke-relay"); }));
    CHECK(air.relay.info("test").advisories.empty());
}

TEST_CASE("stopping the channel leaves nothing of it among the publishers") {
    OnTheAir air;
    air.begin();
    REQUIRE(eventually([&] { return air.relay.info("test").live; }));
    air.channel->stop();
    CHECK(eventually([&] { return !air.relay.info("test").publisher; }));
    air.channel->stop();
    air.channel->broadcast(std::nullopt);
}
