#include "common/rtmp/server_session.hpp"

#include <limits>

#include "tests/golden/rtmp/hex.hpp"
#include "tests/unit/common/rtmp/peer.hpp"

using namespace tongke;
using namespace tongke::rtmp;
using namespace tongke::rtmp::test;
using golden::hex;

namespace {

const Bytes kKeyframe = hex("17 01 000000 00000001 65");

Peer publishing_peer() {
    Peer peer;
    peer.connect();
    peer.publish("main?key=K");
    peer.session.accept_publish();
    peer.replies();
    return peer;
}

}  // namespace

TEST_CASE("connect announces windows and chunk size before it succeeds") {
    Peer peer;
    const auto events = peer.connect("live");
    CHECK(only<Connected>(events).app == "live");
    const auto replies = peer.replies();
    REQUIRE(replies.size() == 3);  // the chunk size itself is consumed by the reader
    CHECK(replies[0].type == MessageType::window_size);
    CHECK(replies[1].type == MessageType::peer_bandwidth);
    CHECK(peer.reader.chunk_size() == kWireChunkSize);
    const auto result = amf0::decode_all(replies[2].payload);
    REQUIRE(result);
    CHECK(*(*result)[0].text() == "_result");
    CHECK(*(*result)[3].find("code")->text() == "NetConnection.Connect.Success");
}

TEST_CASE("publish starts only after it was accepted") {
    Peer peer;
    peer.connect();
    const auto request = only<PublishRequested>(peer.publish("main?key=K%20Y")).request;
    CHECK(request.app == "live");
    CHECK(request.stream == "main");
    CHECK(request.query.find("key") == "K Y");
    CHECK(peer.codes().empty());
    peer.session.accept_publish();
    CHECK(peer.codes() == std::vector<std::string>{"NetStream.Publish.Start"});
}

TEST_CASE("a refused publisher is told why and its media is not looked at") {
    Peer peer;
    peer.connect();
    peer.publish("main?key=wrong");
    CHECK(peer.send(MessageType::video, 0, kKeyframe).empty());
    peer.replies();
    peer.session.refuse_publish("NetStream.Publish.BadName", "wrong key");
    CHECK(peer.codes() == std::vector<std::string>{"NetStream.Publish.BadName"});
    CHECK(peer.send(MessageType::video, 0, kKeyframe).empty());
}

TEST_CASE("media that did not wait for the acceptance is given after it, in its order") {
    Peer peer;
    peer.connect();
    peer.publish("main?key=K");
    const auto data = amf0::encode_all({"@setDataFrame", "onMetaData", amf0::EcmaArray{}});
    CHECK(peer.send(MessageType::data_amf0, 0, data).empty());
    CHECK(peer.send(MessageType::video, 40, kKeyframe).empty());
    CHECK(peer.send(MessageType::audio, 41, hex("af 01 21")).empty());
    const auto held = peer.session.accept_publish();
    REQUIRE(held.size() == 3);
    CHECK(std::get<DataReceived>(held[0]).name == "onMetaData");
    CHECK(std::get<MediaReceived>(held[1]).payload == kKeyframe);
    CHECK(std::get<MediaReceived>(held[1]).timestamp == 40);
    CHECK(std::get<MediaReceived>(held[2]).kind == TrackKind::audio);
    CHECK(only<MediaReceived>(peer.send(MessageType::video, 80, kKeyframe)).timestamp == 80);
}

TEST_CASE("media before the acceptance is bounded in bytes and in number") {
    Bytes large = kKeyframe;
    large.resize(100'000);
    for (const auto& [body, fit] : {std::pair{large, 10}, std::pair{kKeyframe, 1024}}) {
        Peer peer;
        peer.connect();
        peer.publish("main?key=K");
        for (int i = 0; i < fit; ++i) REQUIRE(peer.send(MessageType::video, 0, body).empty());
        CHECK(only<Ended>(peer.send(MessageType::video, 0, body)).reason == Errc::media_before_publish_start);
    }
}

TEST_CASE("who may not publish yet is given little room for unfinished messages") {
    const auto begin_of_message = [](Peer& peer, std::size_t sent) {
        Bytes wire;
        append_message(wire, {6, MessageType::video, 0, 1}, Bytes(4u << 20), 128);
        wire.resize(sent);
        return peer.session.feed(wire);
    };
    Peer stranger;
    stranger.connect();
    CHECK(begin_of_message(stranger, 250'000).empty());
    Peer greedy;
    greedy.connect();
    CHECK(only<Ended>(begin_of_message(greedy, 270'000)).reason == Errc::too_much_in_flight);
    Peer asking;
    asking.connect();
    asking.publish("main?key=K");
    CHECK(begin_of_message(asking, 1'000'000).empty());
    Peer asking_for_more;
    asking_for_more.connect();
    asking_for_more.publish("main?key=K");
    CHECK(only<Ended>(begin_of_message(asking_for_more, 1'100'000)).reason == Errc::too_much_in_flight);
    auto publisher = publishing_peer();
    CHECK(begin_of_message(publisher, 3u << 20).empty());
}

TEST_CASE("media before a close is not given afterwards") {
    Peer peer;
    peer.connect();
    peer.publish("main?key=K");
    CHECK(peer.send(MessageType::video, 0, kKeyframe).empty());
    only<StreamClosed>(peer.command({"deleteStream", 0.0, amf0::Null{}, 1.0}));
    CHECK(peer.session.accept_publish().empty());
}

TEST_CASE("the key is found on the app, on the stream name or in tcUrl") {
    for (const auto& [app, tc, name] :
         std::vector<std::array<std::string, 3>>{{"live?key=K", "rtmp://h/live?key=K", "main"},
                                                 {"live", "rtmp://h/live", "main?key=K"},
                                                 {"live", "rtmp://h/live?key=K", "main"},
                                                 {"live/", "rtmp://h/live/", "/main?key=K"}}) {
        Peer peer;
        peer.command({"connect", 1.0, amf0::Object{{{"app", app}, {"tcUrl", tc}}, {}}});
        const auto events = peer.publish(name);
        const auto request = only<PublishRequested>(events).request;
        CHECK(request.app == "live");
        CHECK(request.stream == "main");
        CHECK(request.query.find("key") == "K");
    }
}

TEST_CASE("Play.Start carries the first frame's number and whether it resumed") {
    Peer peer;
    peer.connect();
    const auto events = peer.play("main?token=T&resume=446655443322112");
    CHECK(only<PlayRequested>(events).resume == 446655443322112);
    peer.replies();
    peer.session.accept_play(446655443322113, true);
    const auto commands = peer.commands();
    REQUIRE(commands.size() == 2);
    CHECK(*commands[0][3].find("code")->text() == "NetStream.Play.Reset");
    CHECK(*commands[1][3].find("code")->text() == "NetStream.Play.Start");
    CHECK(commands[1][3].find("firstFrame")->number() == 446655443322113.0);
    CHECK(commands[1][3].find("resumed")->boolean() == true);
}

TEST_CASE("a resume number that is no number is ignored") {
    for (const auto* text :
         {"resume=x", "resume=-5", "resume=", "resume=1e9", "resume=99999999999999999999"}) {
        Peer peer;
        peer.connect();
        CHECK_FALSE(only<PlayRequested>(peer.play(std::string("main?") + text)).resume);
    }
}

TEST_CASE("the courtesies of FFmpeg, GStreamer and librtmp are answered or let pass") {
    Peer peer;
    peer.connect();
    peer.replies();
    for (const auto* name : {"releaseStream", "FCPublish", "_checkbw", "FCSubscribe"}) {
        INFO(name);
        CHECK(peer.command({name, 2.0, amf0::Null{}, "main"}).empty());
        const auto answers = peer.commands();
        REQUIRE(answers.size() == 1);
        CHECK(*answers[0][0].text() == "_result");
        CHECK(answers[0][1].number() == 2.0);
        CHECK(peer.command({name, 0.0, amf0::Null{}, "main"}).empty());
        CHECK(peer.replies().empty());
    }
    CHECK(peer.command({"getStreamLength", 3.0, amf0::Null{}, "main"}).empty());
    CHECK(peer.commands()[0][3].number() == 0.0);
    CHECK(peer.command({"createStream", 4.0, amf0::Null{}}).empty());
    CHECK(peer.commands()[0][3].number() == 1.0);
    CHECK(peer.command({"someNewCommand", 9.0, amf0::Null{}}).empty());
    CHECK(peer.replies().empty());
}

TEST_CASE("media arrives with its timestamp, setDataFrame is stripped") {
    auto peer = publishing_peer();
    const auto media = peer.send(MessageType::video, 0x01000028, kKeyframe);
    CHECK(only<MediaReceived>(media).payload == kKeyframe);
    CHECK(only<MediaReceived>(media).timestamp == 0x01000028);
    const auto data = peer.send(MessageType::data_amf0, 0,
                                amf0::encode_all({"@setDataFrame", "onMetaData", amf0::EcmaArray{}}));
    CHECK(only<DataReceived>(data).name == "onMetaData");
    CHECK(only<DataReceived>(data).payload == amf0::encode_all({"onMetaData", amf0::EcmaArray{}}));
}

TEST_CASE("commands and data in AMF3 wrappers are understood") {
    Peer peer;
    auto connect = amf0::encode_all({"connect", 1.0, amf0::Object{{{"app", "live"}}, {}}});
    connect.insert(connect.begin(), 0);
    CHECK(only<Connected>(peer.send(MessageType::command_amf3, 0, connect)).app == "live");
    peer.publish("main?key=K");
    peer.session.accept_publish();
    auto data = amf0::encode_all({"onMetaData", amf0::Object{}});
    data.insert(data.begin(), 0);
    CHECK(only<DataReceived>(peer.send(MessageType::data_amf3, 0, data)).name == "onMetaData");
}

TEST_CASE("an aggregate is taken apart and its times renormalised") {
    auto peer = publishing_peer();
    const auto body =
        hex("09 000006 0003e8 00 000000 17 01 000000 65  00000011"
            "08 000003 0003ff 00 000000 af 01 21         0000000e");
    const auto events = peer.send(MessageType::aggregate, 5000, body);
    REQUIRE(events.size() == 2);
    CHECK(std::get<MediaReceived>(events[0]).timestamp == 5000);
    CHECK(std::get<MediaReceived>(events[1]).timestamp == 5023);
    CHECK(std::get<MediaReceived>(events[1]).kind == TrackKind::audio);
}

TEST_CASE("other codecs are named so that they can be refused") {
    const std::vector<std::pair<Bytes, std::string>> cases{{hex("90 68766331 01"), "hvc1"},
                                                           {hex("1c 00 000000 01"), "video codec id 12"},
                                                           {hex("12 00"), "video codec id 2"}};
    for (const auto& [body, name] : cases) {
        auto peer = publishing_peer();
        CHECK(only<UnsupportedMedia>(peer.send(MessageType::video, 0, body)).codec == name);
    }
    auto peer = publishing_peer();
    CHECK(only<UnsupportedMedia>(peer.send(MessageType::audio, 0, hex("2f 00"))).codec == "sound format 2");
}

TEST_CASE("enhanced H.264 comes out in the classic form") {
    auto peer = publishing_peer();
    CHECK(only<MediaReceived>(peer.send(MessageType::video, 0, hex("91 61766331 000028 00000001 65")))
              .payload == hex("17 01 000028 00000001 65"));
    CHECK(only<MediaReceived>(peer.send(MessageType::video, 0, hex("a3 61766331 00000001 41"))).payload ==
          hex("27 01 000000 00000001 41"));
}

TEST_CASE("empty media, video commands and unknown packet types are skipped") {
    auto peer = publishing_peer();
    for (const auto* body : {"", "57 00", "17 01 000000", "17 07 000000 00", "17", "95 61766331 00"}) {
        INFO(body);
        CHECK(peer.send(MessageType::video, 0, hex(body)).empty());
    }
    CHECK(peer.send(MessageType::audio, 0, hex("af 01")).empty());
}

TEST_CASE("the enhanced offer is answered with what is shared") {
    Peer peer;
    peer.command({"connect", 1.0,
                  amf0::Object{{{"app", "live"},
                                {"fourCcList", amf0::StrictArray{{"av01", "avc1", "hvc1"}}},
                                {"videoFourCcInfoMap", amf0::Object{{{"*", 7.0}}, {}}},
                                {"capsEx", 7.0}},
                               {}}});
    const auto commands = peer.commands();
    const auto& info = commands.front()[3];
    CHECK(*info.find("fourCcList") == Value{amf0::StrictArray{{"avc1"}}});
    CHECK(info.find("videoFourCcInfoMap")->find("avc1")->number() == 4.0);
    CHECK(info.find("capsEx")->number() == 1.0);
    CHECK(peer.session.can_reconnect());
}

TEST_CASE("capabilities that are no number are not answered") {
    for (const double odd :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e300}) {
        Peer peer;
        peer.command({"connect", 1.0, amf0::Object{{{"app", "live"}, {"capsEx", odd}}, {}}});
        CHECK_FALSE(peer.commands().front()[3].find("capsEx"));
        CHECK_FALSE(peer.session.can_reconnect());
    }
}

TEST_CASE("stream names that are not plain are refused with a status") {
    for (const char* name : {"", "..", "课", "a%00b", "a/b", "a b"}) {
        INFO(name);
        Peer publisher;
        publisher.connect();
        publisher.replies();
        CHECK(only<Ended>(publisher.publish(name)).reason == Errc::bad_stream_name);
        CHECK(publisher.codes() == std::vector<std::string>{"NetStream.Publish.BadName"});
        Peer player;
        player.connect();
        player.replies();
        CHECK(only<Ended>(player.play(name)).reason == Errc::bad_stream_name);
        CHECK(player.codes() == std::vector<std::string>{"NetStream.Play.StreamNotFound"});
    }
}

TEST_CASE("closing is reported once, in each client's way") {
    for (const auto* name : {"closeStream", "deleteStream", "FCUnpublish"}) {
        auto peer = publishing_peer();
        only<StreamClosed>(peer.command({name, 0.0, amf0::Null{}, 1.0}));
        CHECK(peer.command({"deleteStream", 0.0, amf0::Null{}, 1.0}).empty());
        CHECK(peer.send(MessageType::video, 0, kKeyframe).empty());
    }
}

TEST_CASE("pings are answered, our own come back as pongs") {
    Peer peer;
    peer.connect();
    peer.replies();
    CHECK(peer.send(MessageType::user_control, 0, hex("0006 0000002a"), 0).empty());
    const auto replies = peer.replies();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].payload == hex("0007 0000002a"));
    peer.session.send_ping(77);
    CHECK(peer.replies()[0].payload == hex("0006 0000004d"));
    CHECK(only<PongReceived>(peer.send(MessageType::user_control, 0, hex("0007 0000004d"), 0)).timestamp ==
          77);
}

TEST_CASE("received bytes are acknowledged each time the peer's window is full") {
    auto peer = publishing_peer();
    peer.send(MessageType::window_size, 0, hex("00001000"), 0);
    peer.replies();
    Bytes frame = kKeyframe;
    frame.resize(3000);
    peer.send(MessageType::video, 0, frame);
    peer.send(MessageType::video, 40, frame);
    const auto replies = peer.replies();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].type == MessageType::acknowledgement);
}

TEST_CASE("disorder ends the connection with its own reason") {
    const auto ended = [](Events events) { return only<Ended>(events).reason; };
    CHECK(ended(Peer().publish("main")) == Errc::command_before_connect);
    CHECK(ended(Peer().command({1.0})) == Errc::malformed_command);
    CHECK(ended(Peer().send(MessageType::command_amf0, 0, hex("02 00ff 61"))) == Errc::amf_truncated);
    CHECK(ended(Peer().send(MessageType::user_control, 0, hex("00"), 0)) == Errc::malformed_control);
    Peer twice;
    twice.connect();
    twice.play("main");
    CHECK(ended(twice.play("main")) == Errc::second_request);
    ServerSession http;
    CHECK(ended(http.feed(as_bytes("GET / HTTP/1.1\r\n"))) == Errc::not_rtmp);
    CHECK(http.feed(as_bytes("more")).empty());
}
