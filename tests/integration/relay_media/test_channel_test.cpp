// The relay's own test channel among real publishers and players.
#include "relay/test_channel/test_channel.hpp"

#include <atomic>
#include <thread>

#include "common/auth/proof_digits.hpp"
#include "tests/integration/relay_media/media_relay.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;
using Mode = rtmp::ClientOptions::Mode;

namespace {

/// The machine's clock, set forward by a test: a thread that was not run for a while.
class LeapingClock final : public Clock {
  public:
    SteadyTime now() const override { return std::chrono::steady_clock::now() + leap(); }
    WallTime wall() const override { return system_.wall() + leap(); }
    void leap_by(Milliseconds by) { leap_ms_ += by.count(); }

  private:
    Milliseconds leap() const { return Milliseconds{leap_ms_.load()}; }
    SystemClock system_;
    std::atomic<std::int64_t> leap_ms_{0};
};

struct OnTheAir {
    OnTheAir() {
        TestChannelOptions options;
        options.width = 320;
        options.height = 180;
        options.bitrate_kbps = 400;
        channel.emplace(*relay.hub.find("test"), clock, relay.metrics, options);
        channel->start();
    }
    void begin() { channel->broadcast(auth::proof_secret(as_bytes("key"), "2025-04-16")); }
    bool source_is(const std::string& client) {
        const auto info = relay.info("test");
        return info.publisher && info.publisher->client == client;
    }

    LeapingClock clock;
    MediaRelay relay;
    std::optional<TestChannel> channel;  // goes before the hub
};

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

TEST_CASE(
    "a channel that was held up comes back as an encoder does: nothing is made up for, nothing repaired") {
    const auto away = GENERATE(1500ms, 3'600'000ms);
    OnTheAir air;
    air.begin();
    Client player(air.relay.server->port(), Mode::play, "test?token=token");
    REQUIRE(player.until([&] { return player.pictures.size() >= 20; }, 20s));
    air.clock.leap_by(away);
    const auto pictures = player.pictures.size(), sounds = player.sounds.size();
    REQUIRE(player.until([&] { return player.pictures.size() >= pictures + 25; }, 20s));
    CHECK(air.relay.metric("\ntongke_test_channel_left_out_total") > 20);
    CHECK(air.relay.info("test").timestamp_repairs == 0);
    // As much sound as picture: a second of each is 25 and 47.
    CHECK(player.sounds.size() - sounds < 47 * 3);
    CHECK(air.source_is("tongke-relay"));
    CHECK(player.timestamps.back() - player.timestamps[pictures - 1] >=
          static_cast<std::uint32_t>(away.count()));
}

TEST_CASE("an encoder that was there before the channel stays, and the channel comes when it has gone") {
    OnTheAir air;
    Encoder encoder(air.relay.server->port(), "test?key=key");
    REQUIRE(encoder.start());
    air.begin();
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < 1500ms) {
        encoder.headers();
        encoder.pictures(1);
        encoder.client.until([] { return false; }, 40ms);
    }
    CHECK_FALSE(air.source_is("tongke-relay"));
    encoder.client.drop();
    const auto gone = std::chrono::steady_clock::now();
    REQUIRE(eventually([&] { return air.source_is("tongke-relay"); }));
    CHECK(std::chrono::steady_clock::now() - gone < 5s);
}
