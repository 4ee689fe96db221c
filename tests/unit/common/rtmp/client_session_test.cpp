#include "common/rtmp/client_session.hpp"

#include <deque>

#include "common/rtmp/amf0.hpp"
#include "common/rtmp/wire.hpp"
#include "tests/golden/rtmp/hex.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::rtmp;
using namespace std::chrono_literals;
using golden::hex;

namespace {

/// Both sessions joined by a wire: run() carries bytes until both are quiet.
struct Pair {
    explicit Pair(const char* url, ClientOptions::Mode mode, std::optional<std::int64_t> resume = {})
        : client({*parse_url(url), mode, resume}, 7) {}

    void run() {
        while (!client.output().empty() || !server.output().empty()) {
            for (auto& event : server.feed(client.take_output())) at_server.push_back(std::move(event));
            for (auto& event : client.feed(server.take_output())) at_client.push_back(std::move(event));
        }
    }
    template <class Event>
    Event next_at_server() {
        return next<Event>(at_server);
    }
    template <class Event>
    Event next_at_client() {
        return next<Event>(at_client);
    }
    template <class Event, class Queue>
    static Event next(Queue& queue) {
        REQUIRE_FALSE(queue.empty());
        auto* event = std::get_if<Event>(&queue.front());
        REQUIRE(event);
        Event copy = std::move(*event);
        queue.pop_front();
        return copy;
    }

    ClientSession client;
    ServerSession server;
    std::deque<ServerEvent> at_server;
    std::deque<ClientEvent> at_client;
};

const Bytes kKeyframe = hex("17 01 000000 00000001 65");

}  // namespace

TEST_CASE("a player connects, resumes and receives frames, marks and jumps in order") {
    Pair pair("rtmp://h/live/main?token=T", ClientOptions::Mode::play, 41);
    pair.run();
    pair.next_at_server<Connected>();
    const auto request = pair.next_at_server<PlayRequested>();
    CHECK(request.request.stream == "main");
    CHECK(request.request.query.find("token") == "T");
    CHECK(request.resume == 41);

    pair.server.accept_play(42, true);
    auto& out = pair.server.output();
    append_message(out, media_header(MessageType::data_amf0, 40),
                   segment_payload({"1a2b", 7, 1'744'768'800'123, true, 3}, 0x123456789A));
    append_message(out, media_header(MessageType::video, 0x10000000028), kKeyframe);
    append_message(out, media_header(MessageType::data_amf0, 80), jump_payload(99));
    append_message(out, media_header(MessageType::data_amf0, 80), metadata_payload(nullptr, nullptr));
    pair.run();

    const auto started = pair.next_at_client<PlayStarted>();
    CHECK(started.first_frame == 42);
    CHECK(started.resumed);
    const auto opening = pair.next_at_client<SegmentOpening>();
    CHECK(opening.mark.run == "1a2b");
    CHECK(opening.mark.msn == 7);
    CHECK(opening.mark.pdt_ms == 1'744'768'800'123);
    CHECK(opening.mark.discontinuity);
    CHECK(opening.mark.target_duration == 3);
    CHECK(opening.timeline_ms == 0x123456789A);
    const auto media = pair.next_at_client<MediaReceived>();
    CHECK(media.payload == kKeyframe);
    CHECK(media.timestamp == 0x28);
    CHECK(pair.next_at_client<Jump>().first_frame == 99);
    CHECK(pair.next_at_client<DataReceived>().name == "onMetaData");
}

TEST_CASE("a publisher's media arrives as it was sent") {
    Pair pair("rtmp://h/live/main?key=K", ClientOptions::Mode::publish);
    pair.run();
    pair.next_at_server<Connected>();
    CHECK(pair.next_at_server<PublishRequested>().request.query.find("key") == "K");
    pair.server.accept_publish();
    pair.run();
    pair.next_at_client<PublishStarted>();
    Bytes large = kKeyframe;
    large.resize(200'000, 0x55);
    for (const std::uint32_t timestamp : {0x00FFFFFEu, 0x01000026u, 0xFFFFFFFFu, 0x27u}) {
        pair.client.send_media(TrackKind::video, timestamp, large);
        pair.run();
        const auto media = pair.next_at_server<MediaReceived>();
        CHECK(media.timestamp == timestamp);
        CHECK(media.payload == large);
    }
    pair.client.close();
    pair.run();
    pair.next_at_server<StreamClosed>();
    CHECK(pair.at_server.empty());
}

TEST_CASE("a refusal reaches the client with its code and words") {
    Pair player("rtmp://h/live/main?token=bad", ClientOptions::Mode::play);
    player.run();
    player.server.refuse_play("NetStream.Play.StreamNotFound", "token is not valid");
    player.run();
    CHECK(player.next_at_client<Ended>().reason == Errc::play_rejected);
    CHECK(player.client.last_status().code == "NetStream.Play.StreamNotFound");
    CHECK(player.client.last_status().description == "token is not valid");
}

TEST_CASE("the end of the stream ends the player's session") {
    Pair pair("rtmp://h/live/main", ClientOptions::Mode::play);
    pair.run();
    pair.server.accept_play(1, false);
    pair.server.end_play("the lesson is over");
    pair.run();
    CHECK_FALSE(pair.next_at_client<PlayStarted>().resumed);
    CHECK(pair.next_at_client<Ended>().reason == Errc::stream_ended);
}

TEST_CASE("a player is told over how long to come back, and that its relay is about to go") {
    Pair pair("rtmp://h/live/main", ClientOptions::Mode::play);
    pair.run();
    CHECK(pair.server.can_reconnect());
    pair.server.accept_play(1, false);
    pair.server.send_reconnect_window(2895ms);
    pair.server.send_reconnect_request("restarting", 3s);
    pair.run();
    pair.next_at_client<PlayStarted>();
    CHECK(pair.next_at_client<ReconnectWindow>().window == 2895ms);
    CHECK(pair.next_at_client<ReconnectRequested>().within == 3s);
}

TEST_CASE("a wait that is none, or longer than a minute, is bounded") {
    using amf0::Value;
    const Value value = GENERATE(Value{"soon"}, Value{-5.0}, Value{std::numeric_limits<double>::quiet_NaN()},
                                 Value{amf0::Null{}}, Value{1e15});
    Pair pair("rtmp://h/live/main", ClientOptions::Mode::play);
    pair.run();
    pair.server.accept_play(1, false);
    pair.run();
    pair.next_at_client<PlayStarted>();
    const auto status = amf0::encode_all(
        {"onStatus", 0.0, amf0::Null{},
         amf0::Object{{{"level", "status"}, {"code", std::string(kReconnectRequest)}, {"within", value}},
                      {}}});
    append_message(pair.server.output(), {.type = MessageType::command_amf0, .stream_id = 1}, status);
    pair.run();
    const auto within = pair.next_at_client<ReconnectRequested>().within;
    CHECK((within == 0s || within == 60s));
}

TEST_CASE("a segment mark with a run that is no plain name is not believed") {
    CHECK_FALSE(parse_segment(segment_payload({"../../etc", 7, 1, false, 0}, 0)));
    CHECK_FALSE(parse_segment(jump_payload(5)));
    CHECK_FALSE(parse_jump(amf0::encode_all({"onTongkeJump", amf0::Object{{{"firstFrame", 1e300}}, {}}})));
}
