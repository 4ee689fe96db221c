// The relay's media side as a program would wire it, on port 0, with two keys
// and one token, and clients on plain blocking sockets over the sans-I/O
// client session. Every wait is until a condition or a deadline.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/rtmp/amf0.hpp"
#include "common/rtmp/client_session.hpp"
#include "relay/session/media_server.hpp"
#include "relay/stream/stream_hub.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"
#include "tests/support/temporary_dir.hpp"

namespace tongke::relay {

class KeyAndToken final : public Authoriser {
  public:
    void authorise_publish(PublishRequest request, std::function<void(PublishGrant)> answer) override {
        const bool backup = request.key == "backup";
        answer({request.key == "key" || backup, backup, "bad_key"});
    }
    void authorise_play(PlayRequest request, std::function<void(PlayGrant)> answer) override {
        answer({request.token == "token", "n-1", leave_at, "bad_token"});
    }
    std::optional<WallTime> leave_at;
};

struct MediaRelay {
    explicit MediaRelay(StreamOptions stream = {}, MediaLimits limits = {},
                        net::SendBurst::Way way = net::SendBurst::Way::io_uring)
        : hub(workers, metrics, clock, data.path(), way) {
        hub.add("main", stream);
        hub.add("test", stream);
        workers.start();
        hub.start();
        MediaServerOptions options;
        options.listen = "127.0.0.1:0";
        options.limits = limits;
        server.emplace(hub, authoriser, metrics, options);
        server->start();
    }
    ~MediaRelay() { stop(); }
    void stop() {
        server.reset();
        hub.stop();
        workers.stop();
    }
    StreamInfo info(const std::string& stream = "main");
    /// The value of one line of the metrics, 0 when it is not there.
    double metric(const std::string& line_without_value) const;

    test::TemporaryDir data;
    SystemClock clock;
    metrics::Metrics metrics;
    KeyAndToken authoriser;
    async::Workers workers{2};
    StreamHub hub;
    std::optional<MediaServer> server;
};

/// Both ways in which a flush's sends go: the case runs once with each.
inline net::SendBurst::Way either_way() {
    return GENERATE(net::SendBurst::Way::io_uring, net::SendBurst::Way::send);
}

/// Within ten seconds.
template <class Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

class Client {
  public:
    Client(std::uint16_t port, rtmp::ClientOptions::Mode mode, const std::string& stream_and_query,
           std::optional<std::int64_t> resume = {});
    ~Client();
    Client(const Client&) = delete;

    /// Asks to play and waits until it is one of `count` players of the stream.
    void join(MediaRelay& relay, const std::string& stream = "main", int count = 1);
    /// Reads and writes until `done` holds; false when the deadline or the connection's end came first.
    bool until(const std::function<bool()>& done,
               std::chrono::milliseconds deadline = std::chrono::seconds(10));
    bool until_closed(std::chrono::milliseconds deadline = std::chrono::seconds(10));
    void send();
    /// Closes without a word.
    void drop();

    rtmp::ClientSession rtmp;
    bool closed = false;
    bool publishing = false;
    std::optional<rtmp::PlayStarted> started;
    std::vector<std::uint32_t> pictures, sounds;  // ids of the frames, in order of arrival
    std::vector<std::uint32_t> timestamps;        // of the pictures
    std::vector<std::int64_t> numbers;            // as this reader counts
    std::vector<rtmp::Jump> jumps;
    std::vector<rtmp::SegmentOpening> segments;
    std::optional<Milliseconds> asked_to_go;  // ReconnectRequest: media goes on for this
    std::optional<Milliseconds> window;       // told newest

  private:
    bool exchange(int wait_ms);
    void on(const rtmp::ClientEvent& event);
    int fd_ = -1;
    std::int64_t next_number_ = 0;
};

/// Says the bytes it is told to, whoever should have spoken before, and hears only when it is told to.
class RawPeer {
  public:
    /// `receive_buffer` in bytes; 0: the kernel's choice.
    explicit RawPeer(std::uint16_t port, int receive_buffer = 0);
    ~RawPeer();
    RawPeer(const RawPeer&) = delete;

    /// False once the relay has closed, or took nothing for ten seconds.
    bool say(ByteView bytes);
    /// Reads until the relay is silent for `pause` or has closed.
    Bytes hear(std::chrono::milliseconds pause = std::chrono::milliseconds(500));

    /// Handshake and connect.
    static Bytes opening();
    static Bytes command(const std::vector<rtmp::amf0::Value>& values);
    static Bytes media(TrackKind kind, std::uint32_t timestamp, ByteView tag);
    static Bytes ping(std::uint32_t number);

  private:
    int fd_ = -1;
};

/// Publishes numbered frames: a picture every 40 ms of its own clock and two sounds for each.
class Encoder {
  public:
    Encoder(std::uint16_t port, const std::string& stream_and_key, std::uint32_t timestamp = 0)
        : client(port, rtmp::ClientOptions::Mode::publish, stream_and_key), timestamp_(timestamp) {}

    /// Every frame sent so far is in the log of every worker.
    void settle(MediaRelay& relay);
    bool start() {
        return client.until([&] { return client.publishing; });
    }
    void headers(std::uint8_t variant = 0);
    /// Publishes so many pictures, which are in the log then.
    void go_live(MediaRelay& relay, int count);
    void pictures(int count, int group = 10, std::size_t bytes = 1000);

    Client client;
    std::uint32_t next_id = 0;

  private:
    std::uint32_t timestamp_;
};

}  // namespace tongke::relay
