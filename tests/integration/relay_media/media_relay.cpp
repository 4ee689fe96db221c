#include "tests/integration/relay_media/media_relay.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "common/base/byte_writer.hpp"
#include "common/rtmp/wire.hpp"

namespace tongke::relay {
namespace {

int connected_socket(std::uint16_t port, int receive_buffer = 0) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

}  // namespace

StreamInfo MediaRelay::info(const std::string& stream) {
    std::promise<StreamInfo> found;
    hub.snapshot([&](std::vector<StreamInfo> all) {
        for (auto& one : all)
            if (one.name == stream) return found.set_value(one);
    });
    return found.get_future().get();
}

double MediaRelay::metric(const std::string& line_without_value) const {
    const auto text = metrics.text();
    const auto at = text.find(line_without_value + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + line_without_value.size() + 1));
}

Client::Client(std::uint16_t port, rtmp::ClientOptions::Mode mode, const std::string& stream_and_query,
               std::optional<std::int64_t> resume)
    : rtmp({rtmp::parse_url("rtmp://127.0.0.1:" + std::to_string(port) + "/live/" + stream_and_query).value(),
            mode, resume}) {
    fd_ = connected_socket(port);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Client::~Client() { drop(); }

void Client::drop() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    closed = true;
}

void Client::join(MediaRelay& relay, const std::string& stream, int count) {
    REQUIRE(until([&] { return relay.info(stream).subscribers[0] == count; }));
}

bool Client::until(const std::function<bool()>& done, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done()) {
        if (closed || std::chrono::steady_clock::now() >= end) return false;
        exchange(10);
    }
    return true;
}

bool Client::until_closed(std::chrono::milliseconds deadline) {
    until([] { return false; }, deadline);
    return closed;
}

void Client::send() {
    REQUIRE(until([&] { return rtmp.output().empty(); }));
}

bool Client::exchange(int wait_ms) {
    auto& output = rtmp.output();
    pollfd ready{fd_, static_cast<short>(POLLIN | (output.empty() ? 0 : POLLOUT)), 0};
    ::poll(&ready, 1, wait_ms);
    if (ready.revents & POLLOUT) {
        const auto sent = ::send(fd_, output.data(), output.size(), MSG_NOSIGNAL);
        if (sent > 0) output.erase(output.begin(), output.begin() + sent);
    }
    if (!(ready.revents & (POLLIN | POLLHUP | POLLERR))) return true;
    std::uint8_t buffer[65536];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return drop(), false;
    if (got > 0)
        for (const auto& event : rtmp.feed({buffer, static_cast<std::size_t>(got)})) on(event);
    return true;
}

void Client::on(const rtmp::ClientEvent& event) {
    if (const auto* play = std::get_if<rtmp::PlayStarted>(&event)) {
        started = *play;
        next_number_ = play->first_frame.value_or(0);
    }
    if (std::holds_alternative<rtmp::PublishStarted>(event)) publishing = true;
    if (const auto* request = std::get_if<rtmp::ReconnectRequested>(&event)) asked_to_go = request->within;
    if (const auto* told = std::get_if<rtmp::ReconnectWindow>(&event)) window = told->window;
    if (const auto* jump = std::get_if<rtmp::Jump>(&event)) {
        jumps.push_back(*jump);
        next_number_ = jump->first_frame;
    }
    if (const auto* segment = std::get_if<rtmp::SegmentOpening>(&event)) segments.push_back(*segment);
    const auto* media = std::get_if<rtmp::MediaReceived>(&event);
    if (!media || media->payload[1] == 0) return;
    numbers.push_back(next_number_++);
    const bool video = media->kind == TrackKind::video;
    (video ? pictures : sounds).push_back(test::id_of(media->kind, media->payload));
    if (video) timestamps.push_back(media->timestamp);
}

RawPeer::RawPeer(std::uint16_t port, int receive_buffer) : fd_(connected_socket(port, receive_buffer)) {}

RawPeer::~RawPeer() { ::close(fd_); }

bool RawPeer::say(ByteView bytes) {
    while (!bytes.empty()) {
        pollfd ready{fd_, POLLOUT, 0};
        if (::poll(&ready, 1, 10'000) <= 0) return false;
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

Bytes RawPeer::hear(std::chrono::milliseconds pause) {
    Bytes heard;
    std::uint8_t buffer[65536];
    for (pollfd ready{fd_, POLLIN, 0}; ::poll(&ready, 1, static_cast<int>(pause.count())) > 0;) {
        const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        heard.insert(heard.end(), buffer, buffer + got);
    }
    return heard;
}

Bytes RawPeer::opening() {
    Bytes bytes(1 + 2 * 1536);
    bytes.front() = 3;
    const auto connect = command({"connect", 1.0, rtmp::amf0::Object{{{"app", "live"}}, {}}});
    bytes.insert(bytes.end(), connect.begin(), connect.end());
    return bytes;
}

Bytes RawPeer::command(const std::vector<rtmp::amf0::Value>& values) {
    Bytes bytes;
    rtmp::append_message(bytes, {}, rtmp::amf0::encode_all(values), rtmp::kInitialChunkSize);
    return bytes;
}

Bytes RawPeer::media(TrackKind kind, std::uint32_t timestamp, ByteView tag) {
    Bytes bytes;
    const auto type = kind == TrackKind::video ? rtmp::MessageType::video : rtmp::MessageType::audio;
    rtmp::append_message(bytes, rtmp::media_header(type, timestamp), tag, rtmp::kInitialChunkSize);
    return bytes;
}

Bytes RawPeer::ping(std::uint32_t number) {
    Bytes event, bytes;
    ByteWriter out(event);
    out.u16(6);
    out.u32(number);
    rtmp::append_message(bytes, {rtmp::kControlChunkStream, rtmp::MessageType::user_control, 0, 0}, event);
    return bytes;
}

void Encoder::go_live(MediaRelay& relay, int count) {
    REQUIRE(start());
    headers();
    pictures(count);
    settle(relay);
}

void Encoder::headers(std::uint8_t variant) {
    client.rtmp.send_media(TrackKind::video, timestamp_, test::video_header_tag(variant));
    client.rtmp.send_media(TrackKind::audio, timestamp_, test::audio_header_tag());
    client.send();
}

void Encoder::settle(MediaRelay& relay) {
    const auto taken = [&] {
        return relay.metric("tongke_stream_frames_total{stream=\"main\",track=\"audio\"}") == 2.0 * next_id;
    };
    REQUIRE(client.until(taken));
    for (int round = 0; round < 2; ++round)
        for (std::size_t i = 0; i < relay.workers.size(); ++i) relay.workers.run_on(i, [] {});
}

void Encoder::pictures(int count, int group, std::size_t bytes) {
    for (int i = 0; i < count; ++i, timestamp_ += 40) {
        client.rtmp.send_media(TrackKind::video, timestamp_, test::video_tag(i % group == 0, next_id, bytes));
        client.rtmp.send_media(TrackKind::audio, timestamp_ + 1, test::audio_tag(2 * next_id));
        client.rtmp.send_media(TrackKind::audio, timestamp_ + 22, test::audio_tag(2 * next_id + 1));
        ++next_id;
    }
    client.send();
}

}  // namespace tongke::relay
