// A hand-driven client for the server session: it speaks in raw messages, so
// that a test can say exactly what a given client says, and also what none should.
#pragma once
#include "common/rtmp/amf0.hpp"
#include "common/rtmp/chunk_reader.hpp"
#include "common/rtmp/server_session.hpp"
#include "common/rtmp/wire.hpp"
#include "tests/support/catch.hpp"

namespace tongke::rtmp::test {

using amf0::Value;
using Events = std::vector<ServerEvent>;

class Peer {
  public:
    Peer() {
        Bytes hello(1 + 1536, 0x5A);
        hello[0] = 3;
        CHECK(session.feed(hello).empty());
        const auto answer = session.take_output();
        REQUIRE(answer.size() == 1 + 2 * 1536);
        CHECK(ByteView{answer}.last(1536).front() == 0x5A);
        CHECK(session.feed(Bytes(answer.begin() + 1, answer.begin() + 1 + 1536)).empty());
        CHECK(session.handshake_done());
    }

    Events send(MessageType type, std::uint32_t timestamp, const Bytes& payload, std::uint32_t stream = 1) {
        Bytes wire;
        append_message(wire, {type == MessageType::command_amf0 ? 3u : 6u, type, timestamp, stream}, payload,
                       128);
        return session.feed(wire);
    }
    Events command(const std::vector<Value>& values) {
        return send(MessageType::command_amf0, 0, amf0::encode_all(values));
    }
    Events connect(const std::string& app = "live") {
        return command({"connect", 1.0, amf0::Object{{{"app", app}, {"tcUrl", "rtmp://h/" + app}}, {}}});
    }
    Events publish(const std::string& name) { return command({"publish", 5.0, amf0::Null{}, name, "live"}); }
    Events play(const std::string& name) { return command({"play", 5.0, amf0::Null{}, name, -2000.0}); }

    /// What the server has sent since last asked.
    std::vector<Message> replies() {
        std::vector<Message> out;
        CHECK_FALSE(reader.feed(session.take_output(), out));
        return out;
    }
    /// The same, commands only, decoded.
    std::vector<std::vector<Value>> commands() {
        std::vector<std::vector<Value>> out;
        for (const auto& message : replies()) {
            if (message.type != MessageType::command_amf0) continue;
            auto values = amf0::decode_all(message.payload);
            REQUIRE(values);
            out.push_back(std::move(*values));
        }
        return out;
    }
    /// The codes of the onStatus messages since last asked.
    std::vector<std::string> codes() {
        std::vector<std::string> out;
        for (const auto& values : commands()) {
            if (*values[0].text() == "onStatus") out.push_back(*values[3].find("code")->text());
        }
        return out;
    }

    ServerSession session;
    ChunkReader reader;
};

template <class Event>
Event only(const Events& events) {
    REQUIRE(events.size() == 1);
    const auto* event = std::get_if<Event>(&events.front());
    REQUIRE(event);
    return *event;
}

}  // namespace tongke::rtmp::test
