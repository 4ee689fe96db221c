#include <future>
#include <numeric>

#include "common/base/byte_reader.hpp"
#include "common/net/tcp.hpp"
#include "common/rtmp/chunk_reader.hpp"
#include "relay/session/session_set.hpp"
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

/// A second way in, on worker 1, whose sockets take little at once: answers block part-way through.
struct NarrowDoor {
    explicit NarrowDoor(MediaRelay& r) : relay(r) {
        acceptor.set_option(async::TcpSocket::send_buffer_size(8192));
        relay.workers.run_on(1, [this] { set.start(); });
    }
    ~NarrowDoor() {
        std::promise<void> ended;
        relay.workers.run_on(1, [&] { set.stop([&] { ended.set_value(); }); });
        ended.get_future().wait();
    }
    std::uint16_t port() { return acceptor.local_endpoint().port(); }
    void let_in() {
        auto socket = std::make_shared<async::TcpSocket>(relay.workers.context(1));
        acceptor.accept(*socket);
        relay.workers.run_on(1, [&] { set.adopt(Channel{std::move(*socket), nullptr}, 1); });
    }

    MediaRelay& relay;
    MediaLimits limits;
    SessionMetrics metrics{relay.metrics};
    std::atomic<std::size_t> connections{0};
    async::TcpAcceptor acceptor{net::listen(relay.workers.context(0), {"127.0.0.1", 0})};
    Anteroom anteroom;
    Leaving leaving;
    SessionSet set{relay.workers.context(1),
                   {relay.hub, relay.authoriser, metrics, limits, anteroom, leaving, connections, 1}};
};

/// The numbers of the pongs, as long as the bytes are whole messages.
std::vector<std::uint32_t> pongs(const std::vector<rtmp::Message>& messages) {
    std::vector<std::uint32_t> numbers;
    for (const auto& message : messages) {
        ByteReader in(message.payload);
        if (message.type == rtmp::MessageType::user_control && in.u16() == 7) numbers.push_back(in.u32());
    }
    return numbers;
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

TEST_CASE("where frames are gathered all of them come, also when a burst is the last") {
    StreamOptions gathering;
    gathering.merge_ms = 100;
    MediaRelay relay(gathering, {}, either_way());
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    Client player(relay.server->port(), Mode::play, "main?token=token");
    player.join(relay);
    encoder.pictures(3);
    REQUIRE(player.until([&] { return player.pictures.size() == 3; }));
    // More than one read takes, and more than the socket holds.
    encoder.pictures(40, 10, 50'000);
    REQUIRE(player.until([&] { return player.pictures.size() == 43; }));
    encoder.pictures(1, 10, 10);
    REQUIRE(player.until([&] { return player.pictures.size() == 44; }));
    CHECK(player.pictures == ids(0, 43));
    CHECK(steps_by_one(player.numbers));
    encoder.client.drop();
    CHECK(eventually([&] { return relay.metric("tongke_stream_publisher_up{stream=\"main\"}") == 0; }));
}

TEST_CASE("players on every worker get the same frames, and all who wait get the first") {
    MediaRelay relay({}, {}, either_way());
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
    MediaRelay relay({}, {}, either_way());
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
    MediaRelay relay({}, limits, either_way());
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

TEST_CASE("answers that a full socket cut in two reach a player once") {
    MediaRelay relay;
    Encoder encoder(relay.server->port(), "main?key=key");
    encoder.go_live(relay, 10);
    NarrowDoor door(relay);
    RawPeer player(door.port(), 16'384);
    door.let_in();
    auto words = RawPeer::opening();
    for (std::uint32_t i = 0; i < 3000; ++i) words = test::joined(std::move(words), RawPeer::ping(i));
    words = test::joined(std::move(words),
                         RawPeer::command({"play", 2.0, rtmp::amf0::Null{}, "main?token=token"}));
    REQUIRE(player.say(words));
    REQUIRE(encoder.client.until([&] { return relay.info().subscribers[0] == 1; }));
    const auto heard = player.hear(1s);
    rtmp::ChunkReader reader;
    std::vector<rtmp::Message> messages;
    CHECK_FALSE(reader.feed(ByteView{heard}.subspan(1 + 2 * 1536), messages));
    CHECK(pongs(messages) == ids(0, 2999));
    CHECK(std::any_of(messages.begin(), messages.end(),
                      [](const auto& message) { return message.type == rtmp::MessageType::video; }));
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
