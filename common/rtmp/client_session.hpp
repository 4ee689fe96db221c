// The client's side of one RTMP connection without I/O: connects, then plays
// (with resume) or publishes. feed() takes what the socket gave and returns
// events; output() is what to send, first filled by the constructor.
// Single-threaded, no clock; after Ended it ignores all input.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/rtmp/data_message.hpp"
#include "common/rtmp/server_session.hpp"
#include "common/rtmp/url.hpp"

namespace tongke::rtmp {

/// NetStream.Play.Start. Servers other than a Tongke relay give no first frame.
struct PlayStarted {
    std::optional<std::int64_t> first_frame;
    bool resumed = false;
};
struct PublishStarted {};
/// An onStatus that neither starts nor ends what was asked.
struct StatusReceived {
    std::string level;
    std::string code;
    std::string description;
};

/// The server is about to go: come to another, media goes on for about so long (0: not said). Where to is
/// the owner's business: an address that the server names is not followed.
struct ReconnectRequested {
    Milliseconds within{0};
};
/// After a loss, come back at a moment chosen within this.
struct ReconnectWindow {
    Milliseconds window{0};
};

using ClientEvent =
    std::variant<PlayStarted, PublishStarted, MediaReceived, UnsupportedMedia, DataReceived, Jump,
                 SegmentOpening, ReconnectRequested, ReconnectWindow, StatusReceived, Ended>;

struct ClientOptions {
    enum class Mode { play, publish };
    Url url;  // with the token or key in its query
    Mode mode = Mode::play;
    std::optional<std::int64_t> resume;  // play: number of the last frame held
};

class ClientSession {
  public:
    explicit ClientSession(ClientOptions options, std::uint64_t seed = 1);
    ~ClientSession();
    ClientSession(ClientSession&&) noexcept;
    ClientSession& operator=(ClientSession&&) noexcept;

    std::vector<ClientEvent> feed(ByteView input);
    Bytes& output();
    Bytes take_output();

    /// What the server said last that ended the session: its code and words.
    const StatusReceived& last_status() const;
    std::uint64_t bytes_received() const;
    /// Play or publish has been sent: the server may take its time, and answers pings meanwhile.
    bool has_asked() const;
    /// Whole ones of media, data and commands, and answers to pings.
    std::uint64_t messages_received() const;

    /// Publishing only, after PublishStarted.
    void send_media(TrackKind kind, std::uint32_t timestamp, ByteView flv_tag_body);
    void send_data(std::uint32_t timestamp, ByteView amf0_payload);
    /// FCUnpublish and deleteStream, or closeStream.
    void close();
    void send_ping(std::uint32_t timestamp);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::rtmp
