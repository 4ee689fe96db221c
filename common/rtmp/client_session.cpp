#include "common/rtmp/client_session.hpp"

#include <algorithm>
#include <utility>

#include "common/rtmp/connection.hpp"

namespace tongke::rtmp {
namespace {

using amf0::Value;

constexpr double kConnectCall = 1;
constexpr double kCreateStreamCall = 4;
constexpr std::uint32_t kWindow = 5'000'000;
constexpr std::uint32_t kBufferMs = 3000;
constexpr std::uint32_t kPublishChunkSize = 65536;  // the largest every common server takes

std::string text_in(const Value* object, std::string_view name) {
    const auto* value = object ? object->find(name) : nullptr;
    return value && value->text() ? *value->text() : std::string();
}

/// What a server says about waiting, up to a minute; 0 for what is none.
Milliseconds wait_in(const Value& object, std::string_view name) {
    constexpr std::int64_t kLongest = 60'000;
    const auto* value = object.find(name);
    const auto number = value ? value->integer() : std::nullopt;
    return Milliseconds{std::clamp<std::int64_t>(number.value_or(0), 0, kLongest)};
}

/// The information object of a reply or an onStatus: the last argument that is one.
const Value* info_of(const std::vector<Value>& args) {
    for (auto it = args.rbegin(); it != args.rend(); ++it) {
        if (it->find("code")) return &*it;
    }
    return nullptr;
}

}  // namespace

struct ClientSession::State {
    State(ClientOptions chosen, std::uint64_t seed)
        : options(std::move(chosen)), connection(Handshake::Role::client, seed) {}

    bool publishing() const { return options.mode == ClientOptions::Mode::publish; }

    void connect() {
        connection.send_window_size(kWindow);
        connection.send_chunk_size(kPublishChunkSize);
        amf0::Object object{{{"app", options.url.app},
                             {"type", "nonprivate"},
                             {"flashVer", "Tongke/1"},
                             {"tcUrl", options.url.tc_url()},
                             {"fpad", false},
                             {"capabilities", 15.0},
                             {"audioCodecs", 1024.0},
                             {"videoCodecs", 128.0},
                             {"videoFunction", 1.0},
                             {"objectEncoding", 0.0},
                             {"capsEx", 1.0}},
                            {}};
        call({"connect", kConnectCall, std::move(object)});
    }

    void call(const std::vector<Value>& values) { connection.send_command(values, 0, kCommandChunkStream); }

    Error on_message(Message message) {
        switch (message.type) {
            case MessageType::command_amf0: return on_command(message);
            case MessageType::data_amf0: on_data(std::move(message)); return {};
            case MessageType::audio:
            case MessageType::video:
                if (!started) return {};
                if (auto media = classify_media(std::move(message))) {
                    std::visit([&](auto& event) { events.push_back(std::move(event)); }, *media);
                }
                return {};
            default: return {};
        }
    }

    void on_data(Message message) {
        auto data = classify_data(std::move(message));
        if (!data) return;
        if (data->name == kJumpName) {
            if (const auto jump = parse_jump(data->payload)) events.push_back(*jump);
        } else if (data->name == kSegmentName) {
            if (auto opening = parse_segment(data->payload)) events.push_back(std::move(*opening));
        } else {
            events.push_back(std::move(*data));
        }
    }

    Error on_command(const Message& message) {
        const auto args = amf0::decode_all(message.payload);
        if (!args) return args.error();
        if (args->size() < 2 || !args->front().text()) return Errc::malformed_command;
        const auto& name = *args->front().text();
        const auto transaction = (*args)[1].number().value_or(0);
        if (name == "_result") return on_result(transaction, *args);
        if (name == "_error") return on_refusal(transaction, *args);
        if (name == "onStatus") return on_status(*args);
        if (name == "close") return Errc::stream_ended;
        return {};
    }

    Error on_result(double transaction, const std::vector<Value>& args) {
        if (transaction == kConnectCall && !connected) {
            connected = true;
            if (publishing()) {
                call({"releaseStream", 2.0, amf0::Null{}, options.url.stream});
                call({"FCPublish", 3.0, amf0::Null{}, options.url.stream});
            }
            call({"createStream", kCreateStreamCall, amf0::Null{}});
        } else if (transaction == kCreateStreamCall && connected && !asked) {
            const auto id = args.size() > 3 ? args[3].number().value_or(1) : 1;
            if (!(id >= 1 && id <= 4294967295.0)) return Errc::malformed_command;
            stream_id = static_cast<std::uint32_t>(id);
            ask();
        }
        return {};
    }

    void ask() {
        asked = true;
        auto path = options.url.play_path();
        if (publishing()) {
            connection.send_command({"publish", 5.0, amf0::Null{}, path, "live"}, stream_id,
                                    kDataChunkStream);
            return;
        }
        if (options.resume) {
            path += options.url.query.empty() ? "?" : "&";
            path += "resume=" + std::to_string(*options.resume);
        }
        connection.send_user_control(UserControl::set_buffer, stream_id, kBufferMs);
        connection.send_command({"play", 5.0, amf0::Null{}, path, -2000.0}, stream_id, kDataChunkStream);
    }

    Error on_refusal(double transaction, const std::vector<Value>& args) {
        if (transaction != kConnectCall && transaction != kCreateStreamCall) return {};
        remember(info_of(args));
        return Errc::connect_rejected;
    }

    void remember(const Value* info) {
        status = {text_in(info, "level"), text_in(info, "code"), text_in(info, "description")};
    }

    Error on_status(const std::vector<Value>& args) {
        const auto* info = info_of(args);
        remember(info);
        if (status.level == "error") return publishing() ? Errc::publish_rejected : Errc::play_rejected;
        if (status.code == "NetStream.Play.Start" && !publishing()) {
            started = true;
            events.push_back(play_started(*info));
        } else if (status.code == "NetStream.Publish.Start" && publishing()) {
            started = true;
            events.push_back(PublishStarted{});
        } else if (status.code == kReconnectRequest) {
            events.push_back(ReconnectRequested{wait_in(*info, "within")});
        } else if (status.code == kReconnectWindow) {
            events.push_back(ReconnectWindow{wait_in(*info, "window")});
        } else if (status.code == "NetStream.Play.UnpublishNotify" || status.code == "NetStream.Play.Stop") {
            return Errc::stream_ended;
        } else if (status.code != "NetStream.Play.Reset") {
            events.push_back(status);
        }
        return {};
    }

    static PlayStarted play_started(const Value& info) {
        PlayStarted event;
        const auto* first = info.find("firstFrame");
        const auto number = first ? first->integer() : std::nullopt;
        if (number && *number >= 0) event.first_frame = *number;
        const auto* resumed = info.find("resumed");
        event.resumed = resumed && resumed->boolean().value_or(false);
        return event;
    }

    ClientOptions options;
    Connection connection;
    bool connect_sent = false;
    bool connected = false;
    bool asked = false;
    bool started = false;
    std::uint64_t messages = 0;
    bool ended = false;
    std::uint32_t stream_id = kMediaStreamId;
    StatusReceived status;
    std::vector<ClientEvent> events;
};

ClientSession::ClientSession(ClientOptions options, std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(options), seed)) {}
ClientSession::~ClientSession() = default;
ClientSession::ClientSession(ClientSession&&) noexcept = default;
ClientSession& ClientSession::operator=(ClientSession&&) noexcept = default;

std::vector<ClientEvent> ClientSession::feed(ByteView input) {
    auto& s = *state_;
    s.events.clear();
    if (s.ended) return {};
    std::vector<Message> messages;
    auto error = s.connection.feed(input, messages);
    s.messages += messages.size();
    if (s.connection.handshake_done() && !s.connect_sent) {
        s.connect_sent = true;
        s.connect();
    }
    for (auto& message : messages) {
        if (const auto failed = s.on_message(std::move(message))) {
            error = failed;
            break;
        }
    }
    if (error) {
        s.ended = true;
        s.events.push_back(Ended{error});
    }
    return std::move(s.events);
}

Bytes& ClientSession::output() { return state_->connection.output; }
Bytes ClientSession::take_output() { return std::exchange(state_->connection.output, {}); }
const StatusReceived& ClientSession::last_status() const { return state_->status; }
std::uint64_t ClientSession::bytes_received() const { return state_->connection.received(); }
bool ClientSession::has_asked() const { return state_->asked && !state_->ended; }
std::uint64_t ClientSession::messages_received() const { return state_->messages; }

void ClientSession::send_media(TrackKind kind, std::uint32_t timestamp, ByteView flv_tag_body) {
    const bool video = kind == TrackKind::video;
    state_->connection.send({video ? kVideoChunkStream : kAudioChunkStream,
                             video ? MessageType::video : MessageType::audio, timestamp, state_->stream_id},
                            flv_tag_body);
}

void ClientSession::send_data(std::uint32_t timestamp, ByteView amf0_payload) {
    state_->connection.send({kDataChunkStream, MessageType::data_amf0, timestamp, state_->stream_id},
                            amf0_payload);
}

void ClientSession::close() {
    auto& s = *state_;
    if (!s.asked) return;
    if (s.publishing()) s.call({"FCUnpublish", 6.0, amf0::Null{}, s.options.url.stream});
    s.call({"deleteStream", 0.0, amf0::Null{}, static_cast<double>(s.stream_id)});
}

void ClientSession::send_ping(std::uint32_t timestamp) {
    state_->connection.send_user_control(UserControl::ping, timestamp);
}

}  // namespace tongke::rtmp
