#include "common/media/flv.hpp"
#include "relay/session/session.hpp"
#include "tests/integration/relay_media/media_relay.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;
using Mode = rtmp::ClientOptions::Mode;

TEST_CASE("a wrong key is refused before any media, with a clear word, and counted") {
    MediaRelay relay;
    for (const auto* query : {"main?key=wrong", "main", "main?token=token", "nobody?key=key"}) {
        Client client(relay.server->port(), Mode::publish, query);
        CHECK(client.until_closed());
        CHECK_FALSE(client.publishing);
        CHECK(client.rtmp.last_status().code == "NetStream.Publish.BadName");
        CHECK(client.rtmp.last_status().level == "error");
    }
    CHECK(relay.metric("tongke_refused_total{reason=\"bad_key\"}") == 3);
    CHECK(relay.metric("tongke_refused_total{reason=\"unknown_stream\"}") == 1);
    CHECK(relay.metric("tongke_sessions_ended_total{reason=\"auth_rejected\"}") == 4);
}

TEST_CASE("a wrong token or an unknown stream is refused with its own word") {
    MediaRelay relay;
    Client wrong(relay.server->port(), Mode::play, "main?token=wrong");
    CHECK(wrong.until_closed());
    CHECK(wrong.rtmp.last_status().code == "NetStream.Play.Failed");
    Client unknown(relay.server->port(), Mode::play, "nobody?token=token");
    CHECK(unknown.until_closed());
    CHECK(unknown.rtmp.last_status().code == "NetStream.Play.StreamNotFound");
}

TEST_CASE("a stream that nobody publishes is waited for as long as the grace, then not found") {
    StreamOptions options;
    options.grace_seconds = 1;
    MediaRelay relay(options);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    CHECK(player.until_closed());
    CHECK(player.rtmp.last_status().code == "NetStream.Play.StreamNotFound");
}

TEST_CASE("players are told when no publisher came back within the grace") {
    StreamOptions options;
    options.grace_seconds = 1;
    MediaRelay relay(options);
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(10);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(player.until([&] { return player.pictures.size() == 10; }));
    encoder.client.drop();
    CHECK(player.until_closed());
    CHECK(relay.metric("tongke_sessions_ended_total{reason=\"stream_ended\"}") == 1);
    CHECK(relay.metric("tongke_stream_publisher_up{stream=\"main\"}") == 0);
    CHECK_FALSE(relay.info().live);
}

TEST_CASE("the same key replaces at once, the third take-over is refused and the advisory raised") {
    MediaRelay relay;
    Encoder first(relay.server->port(), "main?key=key");
    REQUIRE(first.start());
    Encoder second(relay.server->port(), "main?key=key");
    REQUIRE(second.start());
    CHECK(first.client.until_closed());
    Encoder third(relay.server->port(), "main?key=key");
    REQUIRE(third.start());
    CHECK(second.client.until_closed());
    Encoder fourth(relay.server->port(), "main?key=key");
    CHECK_FALSE(fourth.start());
    CHECK(fourth.client.rtmp.last_status().code == "NetStream.Publish.BadName");
    third.headers();
    third.pictures(5);
    CHECK(
        third.client.until([&] { return relay.info().last_frame > 0 && !relay.info().advisories.empty(); }));
    CHECK(relay.info().advisories.at(0).code == "two_encoders");
    CHECK(relay.metric("tongke_sessions_ended_total{reason=\"replaced\"}") == 2);
}

TEST_CASE("HEVC is refused with a clear status, in every spelling") {
    const Bytes enhanced{0x90, 'h', 'v', 'c', '1', 1, 2, 3};
    const Bytes codec_id_12{0x1C, 0, 0, 0, 0, 1, 2, 3};
    for (const auto& tag : {enhanced, codec_id_12}) {
        MediaRelay relay;
        Encoder encoder(relay.server->port(), "main?key=key");
        REQUIRE(encoder.start());
        encoder.client.rtmp.send_media(TrackKind::video, 0, tag);
        CHECK(encoder.client.until_closed());
        CHECK(encoder.client.rtmp.last_status().level == "error");
        CHECK(encoder.client.rtmp.last_status().description.find("H.264") != std::string::npos);
        CHECK(relay.metric("tongke_refused_total{reason=\"unsupported_codec\"}") == 1);
    }
}

TEST_CASE("hostile tags are left out and counted, the good ones around them pass") {
    MediaRelay relay;
    Client player(relay.server->port(), Mode::play, "main?token=token");
    player.join(relay);
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(5, 5);
    encoder.client.rtmp.send_media(TrackKind::audio, 200, Bytes{0xAF, 0, 0xff});
    encoder.client.rtmp.send_media(TrackKind::video, 200, Bytes{0x17, 0, 0, 0, 0, 9, 9});
    auto lying = test::video_tag(false, 9);
    lying[6] = 0xff;
    encoder.client.rtmp.send_media(TrackKind::video, 200, lying);
    encoder.pictures(5, 5);
    REQUIRE(player.until([&] { return player.pictures.size() == 10; }));
    CHECK(relay.metric("tongke_refused_total{reason=\"bad_media\"}") == 3);
}

TEST_CASE("who neither publishes nor plays is closed after the handshake deadline") {
    MediaLimits limits;
    limits.handshake = 200ms;
    MediaRelay relay({}, limits);
    Client silent(relay.server->port(), Mode::play, "main?token=token");
    silent.rtmp.take_output();
    CHECK(silent.until_closed());
    CHECK(relay.metric("tongke_sessions_ended_total{reason=\"idle_timeout\"}") == 1);
}

TEST_CASE("a publisher that falls silent is closed, its players are not") {
    MediaLimits limits;
    limits.publisher_idle = 500ms;
    MediaRelay relay({}, limits);
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(10);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(player.until([&] { return player.pictures.size() == 10; }));
    CHECK(encoder.client.until_closed());
    CHECK_FALSE(player.closed);
}

TEST_CASE("a token's leave_at ends the session") {
    MediaRelay relay;
    relay.authoriser.leave_at = relay.clock.wall() + 1s;
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(10);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    REQUIRE(player.until([&] { return player.pictures.size() == 10; }));
    CHECK(player.until_closed());
    CHECK(relay.metric("tongke_sessions_ended_total{reason=\"token_left\"}") == 1);
}

TEST_CASE("above the limit of connections, all in use, the rest is closed and counted") {
    MediaLimits limits;
    limits.connections = 2;
    MediaRelay relay({}, limits);
    Client a(relay.server->port(), Mode::play, "main?token=token");
    a.join(relay);
    Client b(relay.server->port(), Mode::play, "main?token=token");
    b.join(relay, "main", 2);
    Client c(relay.server->port(), Mode::play, "main?token=token");
    CHECK(c.until_closed());
    CHECK(relay.metric("tongke_refused_total{reason=\"too_many_connections\"}") == 1);
}

TEST_CASE("sockets that say nothing make room for whoever comes, the oldest first") {
    MediaLimits limits;
    limits.connections = 3;
    MediaRelay relay({}, limits);
    Client player(relay.server->port(), Mode::play, "main?token=token");
    player.join(relay);
    const auto counts = [&](const char* reason) {
        return relay.metric("tongke_sessions_ended_total{reason=\"" + std::string(reason) + "\"}");
    };
    Client oldest(relay.server->port(), Mode::play, "main?token=token");
    Client newer(relay.server->port(), Mode::play, "main?token=token");
    for (auto* silent : {&oldest, &newer}) silent->rtmp.take_output();
    REQUIRE(player.until([&] { return relay.server->connections() == 3; }));
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    CHECK(oldest.until_closed());
    CHECK(newer.until([&] { return relay.server->connections() == 3; }));
    CHECK(counts("crowded_out") == 1);
    encoder.headers();
    encoder.pictures(5);
    CHECK(player.until([&] { return player.pictures.size() == 5; }));
    CHECK_FALSE(newer.closed);
}

TEST_CASE("who asks for answers and does not read them is closed before any right is looked at") {
    MediaRelay relay;
    RawPeer deaf(relay.server->port(), 4096);
    REQUIRE(deaf.say(RawPeer::opening()));
    Bytes pings;
    for (std::uint32_t i = 0; i < 2000; ++i) pings = test::joined(std::move(pings), RawPeer::ping(i));
    const auto closed = [&] {
        return relay.metric("tongke_sessions_ended_total{reason=\"slow_consumer\"}") == 1;
    };
    // What the kernel's buffers take, several times over.
    for (int round = 0; round < 600 && !closed(); ++round) {
        if (!deaf.say(pings)) break;
    }
    CHECK(closed());
}

TEST_CASE("what is not RTMP is closed and counted, the others do not notice") {
    MediaRelay relay;
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    Client player(relay.server->port(), Mode::play, "main?token=token");
    player.join(relay);
    for (const auto* words : {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01", "\xff\xff\xff\xff"}) {
        Client hostile(relay.server->port(), Mode::play, "main?token=token");
        hostile.rtmp.output() = Bytes(words, words + std::string_view(words).size());
        CHECK(hostile.until_closed());
    }
    encoder.pictures(10);
    CHECK(player.until([&] { return player.pictures.size() == 10; }));
    CHECK(relay.metric("tongke_refused_total{reason=\"not_rtmp\"}") == 3);
}
