#include "common/rtmp/server_session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/rtmp/connection.hpp"

namespace tongke::rtmp {
namespace {

using amf0::Value;

constexpr std::uint32_t kWindow = 5'000'000;
constexpr std::int64_t kReconnectBit = 1;  // enhanced RTMP v2, capsEx
// Encoders that do not wait for Publish.Start have sent so much by the time the key is checked.
constexpr std::size_t kHeldBytes = 1u << 20;
constexpr std::size_t kHeldMessages = 1024;
// Whoever has not asked to publish sends commands, and those are short.
constexpr std::size_t kInFlightOfAnybody = 256u << 10;

std::string text_at(const std::vector<Value>& values, std::size_t index) {
    const auto* text = index < values.size() ? values[index].text() : nullptr;
    return text ? *text : std::string();
}

double number_at(const std::vector<Value>& values, std::size_t index) {
    return index < values.size() ? values[index].number().value_or(0) : 0;
}

std::string text_of(const Value* value) { return value && value->text() ? *value->text() : std::string(); }

std::string_view trim_slashes(std::string_view text) {
    while (text.starts_with('/')) text.remove_prefix(1);
    while (text.ends_with('/')) text.remove_suffix(1);
    return text;
}

std::pair<std::string, std::string> cut_query(std::string_view text) {
    const auto mark = std::min(text.find('?'), text.size());
    return {std::string(trim_slashes(text.substr(0, mark))),
            std::string(mark < text.size() ? text.substr(mark + 1) : std::string_view{})};
}

std::optional<std::int64_t> parse_resume(const Query& query) {
    const auto text = query.find("resume");
    std::int64_t number = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    const bool whole = error == std::errc{} && end == text->data() + text->size() && number >= 0;
    return whole ? std::optional{number} : std::nullopt;
}

/// What of the peer's enhanced RTMP offer we share: H.264 and AAC under their fourCCs, reconnect.
std::vector<amf0::Property> enhanced_answer(const Value& offer) {
    std::vector<amf0::Property> answer;
    if (const auto* list = offer.find("fourCcList")) {
        amf0::StrictArray shared;
        if (const auto* array = std::get_if<amf0::StrictArray>(&list->v)) {
            const auto offered = [&](const char* name) {
                return std::any_of(array->items.begin(), array->items.end(),
                                   [&](const Value& v) { return v == Value{name} || v == Value{"*"}; });
            };
            for (const auto* name : {"avc1", "mp4a"}) {
                if (offered(name)) shared.items.push_back(name);
            }
        }
        answer.push_back({"fourCcList", std::move(shared)});
    }
    constexpr double kForward = 4;
    if (offer.find("videoFourCcInfoMap")) {
        answer.push_back({"videoFourCcInfoMap", amf0::Object{{{"avc1", kForward}}, {}}});
    }
    if (offer.find("audioFourCcInfoMap")) {
        answer.push_back({"audioFourCcInfoMap", amf0::Object{{{"mp4a", kForward}}, {}}});
    }
    if (const auto* caps = offer.find("capsEx"); caps && caps->integer()) {
        answer.push_back({"capsEx", static_cast<double>(*caps->integer() & kReconnectBit)});
    }
    return answer;
}

}  // namespace

struct ServerSession::State {
    enum class Phase { fresh, connected, publish_asked, publishing, play_asked, playing, closed };
    using Arguments = std::vector<Value>;
    using Handler = Error (State::*)(const Arguments&);

    explicit State(std::uint64_t seed) : connection(Handshake::Role::server, seed) {
        connection.limit_in_flight(kInFlightOfAnybody);
    }

    Error on_message(Message message) {
        switch (message.type) {
            case MessageType::command_amf0: return on_command(message);
            case MessageType::user_control: events.push_back(PongReceived{message.timestamp}); return {};
            default: return on_stream_message(std::move(message));
        }
    }

    Error on_stream_message(Message message) {
        if (phase == Phase::publish_asked) return hold(std::move(message));
        if (phase == Phase::publishing) classify(std::move(message));
        return {};
    }

    Error hold(Message message) {
        held_bytes += message.payload.size();
        if (held_bytes > kHeldBytes || held.size() == kHeldMessages) return Errc::media_before_publish_start;
        held.push_back(std::move(message));
        return {};
    }

    std::vector<Message> take_held() {
        held_bytes = 0;
        return std::exchange(held, {});
    }

    void classify(Message message) {
        if (message.type == MessageType::data_amf0) {
            if (auto data = classify_data(std::move(message))) events.push_back(std::move(*data));
        } else if (auto media = classify_media(std::move(message))) {
            std::visit([&](auto& event) { events.push_back(std::move(event)); }, *media);
        }
    }

    Error on_command(const Message& message) {
        const auto decoded = amf0::decode_all(message.payload);
        if (!decoded) return decoded.error();
        if (decoded->empty() || !decoded->front().text()) return Errc::malformed_command;
        const auto& name = *decoded->front().text();
        if (name == "connect") return on_connect(*decoded);
        if (phase == Phase::fresh) return Errc::command_before_connect;
        static constexpr std::pair<std::string_view, Handler> kHandlers[] = {
            {"createStream", &State::on_create_stream},
            {"publish", &State::on_publish},
            {"play", &State::on_play},
            {"pause", &State::on_pause},
            {"closeStream", &State::on_close},
            {"deleteStream", &State::on_close},
            {"FCUnpublish", &State::on_close},
            {"getStreamLength", &State::on_stream_length},
            {"releaseStream", &State::on_courtesy},
            {"FCPublish", &State::on_courtesy},
            {"FCSubscribe", &State::on_courtesy},
            {"_checkbw", &State::on_courtesy},
        };
        for (const auto& [known, handler] : kHandlers) {
            if (name == known) return (this->*handler)(*decoded);
        }
        return {};
    }

    Error on_connect(const Arguments& args) {
        if (phase != Phase::fresh || args.size() < 3) return Errc::malformed_command;
        const auto& offer = args[2];
        auto [app_name, query] = cut_query(text_of(offer.find("app")));
        const auto tc_url = text_of(offer.find("tcUrl"));
        app = app_name;
        app_query = query.empty() ? cut_query(tc_url).second : query;
        phase = Phase::connected;
        connection.send_window_size(kWindow);
        connection.send_peer_bandwidth(kWindow);
        connection.send_chunk_size(kWireChunkSize);
        amf0::Object info{{{"level", "status"},
                           {"code", "NetConnection.Connect.Success"},
                           {"description", "connected"},
                           {"objectEncoding", 0.0}},
                          {}};
        const auto* caps = offer.find("capsEx");
        reconnects = caps && caps->integer() && (*caps->integer() & kReconnectBit) != 0;
        for (auto& property : enhanced_answer(offer)) info.properties.push_back(std::move(property));
        amf0::Object properties{{{"fmsVer", "FMS/3,5,7,7009"}, {"capabilities", 31.0}}, {}};
        reply(args, {std::move(properties), std::move(info)});
        events.push_back(Connected{app, tc_url, text_of(offer.find("flashVer")).substr(0, 64)});
        return {};
    }

    Error on_create_stream(const Arguments& args) {
        reply(args, {amf0::Null{}, static_cast<double>(kMediaStreamId)});
        return {};
    }

    Error on_stream_length(const Arguments& args) {
        reply(args, {amf0::Null{}, 0.0});
        return {};
    }

    Error on_courtesy(const Arguments& args) {
        reply(args, {amf0::Null{}, Value{}});
        return {};
    }

    Error on_publish(const Arguments& args) {
        if (phase != Phase::connected) return Errc::second_request;
        auto request = stream_request(text_at(args, 3));
        if (!valid_stream_name(request.stream)) return refuse_name("NetStream.Publish.BadName");
        phase = Phase::publish_asked;
        connection.limit_in_flight(kHeldBytes);
        events.push_back(PublishRequested{std::move(request)});
        return {};
    }

    Error on_play(const Arguments& args) {
        if (phase != Phase::connected) return Errc::second_request;
        auto request = stream_request(text_at(args, 3));
        if (!valid_stream_name(request.stream)) return refuse_name("NetStream.Play.StreamNotFound");
        phase = Phase::play_asked;
        const auto resume = parse_resume(request.query);
        events.push_back(PlayRequested{std::move(request), resume});
        return {};
    }

    Error refuse_name(std::string_view code) {
        connection.send_status("error", code, make_error_code(Errc::bad_stream_name).message());
        return Errc::bad_stream_name;
    }

    Error on_pause(const Arguments& args) {
        const auto flag = args.size() > 3 ? args[3].boolean() : std::nullopt;
        if (phase == Phase::playing) events.push_back(PauseRequested{flag.value_or(false)});
        return {};
    }

    Error on_close(const Arguments& args) {
        if (text_at(args, 0) == "FCUnpublish") reply(args, {amf0::Null{}, Value{}});
        const bool active = phase == Phase::publishing || phase == Phase::playing;
        if (!active && phase != Phase::publish_asked && phase != Phase::play_asked) return {};
        phase = Phase::closed;
        take_held();
        events.push_back(StreamClosed{});
        return {};
    }

    StreamRequest stream_request(const std::string& name) const {
        auto [stream, query] = cut_query(name);
        StreamRequest request{app, std::move(stream), Query::parse(query)};
        for (auto& item : Query::parse(app_query).items) request.query.items.push_back(std::move(item));
        return request;
    }

    /// _result to a command that asked for one (transaction 0 asks for none).
    void reply(const Arguments& args, std::vector<Value> results) {
        const auto transaction = number_at(args, 1);
        if (transaction == 0) return;
        std::vector<Value> values{"_result", transaction};
        std::move(results.begin(), results.end(), std::back_inserter(values));
        connection.send_command(values, 0, kCommandChunkStream);
    }

    void end(Error reason) {
        close();
        events.push_back(Ended{reason});
    }

    void close() {
        phase = Phase::closed;
        ended = true;
        take_held();
    }

    Connection connection;
    Phase phase = Phase::fresh;
    bool reconnects = false;
    bool ended = false;
    std::vector<Message> held;  // media that came before its publish was accepted
    std::size_t held_bytes = 0;
    std::string app;
    std::string app_query;
    std::vector<ServerEvent> events;
};

ServerSession::ServerSession(std::uint64_t seed) : state_(std::make_unique<State>(seed)) {}
ServerSession::~ServerSession() = default;
ServerSession::ServerSession(ServerSession&&) noexcept = default;
ServerSession& ServerSession::operator=(ServerSession&&) noexcept = default;

std::vector<ServerEvent> ServerSession::feed(ByteView input) {
    auto& s = *state_;
    s.events.clear();
    if (s.ended) return {};
    std::vector<Message> messages;
    auto error = s.connection.feed(input, messages);
    for (auto& message : messages) {
        if (const auto failed = s.on_message(std::move(message))) {
            error = failed;
            break;
        }
    }
    if (error) s.end(error);
    return std::move(s.events);
}

Bytes& ServerSession::output() { return state_->connection.output; }
Bytes ServerSession::take_output() { return std::exchange(state_->connection.output, {}); }
bool ServerSession::handshake_done() const { return state_->connection.handshake_done(); }
std::uint64_t ServerSession::bytes_received() const { return state_->connection.received(); }

std::vector<ServerEvent> ServerSession::accept_publish() {
    auto& s = *state_;
    s.phase = State::Phase::publishing;
    s.connection.limit_in_flight(ChunkReader::kMaxInFlight);
    s.connection.send_user_control(UserControl::stream_begin, kMediaStreamId);
    send_status("status", "NetStream.Publish.Start", "publishing");
    s.events.clear();
    for (auto& message : s.take_held()) s.classify(std::move(message));
    return std::move(s.events);
}

void ServerSession::refuse_publish(std::string_view code, std::string_view description) {
    send_status("error", code, description);
    state_->close();
}

void ServerSession::accept_play(std::int64_t first_frame, bool resumed) {
    auto& s = *state_;
    s.phase = State::Phase::playing;
    s.connection.send_user_control(UserControl::stream_begin, kMediaStreamId);
    send_status("status", "NetStream.Play.Reset", "playing from the live stream");
    s.connection.send_status("status", "NetStream.Play.Start", "playing",
                             {{"firstFrame", static_cast<double>(first_frame)}, {"resumed", resumed}});
}

void ServerSession::refuse_play(std::string_view code, std::string_view description) {
    refuse_publish(code, description);
}

void ServerSession::end_play(std::string_view description) {
    send_status("status", "NetStream.Play.UnpublishNotify", description);
    state_->connection.send_user_control(UserControl::stream_eof, kMediaStreamId);
    state_->phase = State::Phase::closed;
}

void ServerSession::send_status(std::string_view level, std::string_view code, std::string_view description) {
    state_->connection.send_status(level, code, description);
}

bool ServerSession::can_reconnect() const { return state_->reconnects; }

void ServerSession::send_reconnect_request(std::string_view description, Milliseconds within) {
    state_->connection.send_status("status", kReconnectRequest, description,
                                   {{"within", static_cast<double>(within.count())}});
}

void ServerSession::send_reconnect_window(Milliseconds window) {
    state_->connection.send_status("status", kReconnectWindow, "come back within",
                                   {{"window", static_cast<double>(window.count())}});
}

void ServerSession::send_ping(std::uint32_t timestamp) {
    state_->connection.send_user_control(UserControl::ping, timestamp);
}

}  // namespace tongke::rtmp
