// The server's side of one RTMP connection without I/O: feed() takes what the
// socket gave and returns events; answers collect in output(), which the owner
// sends at frame edges. Single-threaded, no clock, no callbacks. It bounds its
// own memory whatever the peer sends; after Ended it ignores all input.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/media/frame.hpp"
#include "common/rtmp/error.hpp"
#include "common/rtmp/message.hpp"
#include "common/rtmp/url.hpp"

namespace tongke::rtmp {

/// What publish and play name: parameters of the app and of the stream name
/// are in one query, the stream name's first.
struct StreamRequest {
    std::string app;
    std::string stream;
    Query query;
};

/// connect was answered; nothing is granted by it.
struct Connected {
    std::string app;
    std::string tc_url;
    std::string client;  // flashVer, cut to 64 bytes
};
/// Answer with accept_publish or refuse_publish.
struct PublishRequested {
    StreamRequest request;
};
/// Answer with accept_play or refuse_play.
struct PlayRequested {
    StreamRequest request;
    std::optional<std::int64_t> resume;  // number of the last frame the reader has
};
/// H.264 or AAC as an FLV tag body with the classic 5- or 2-byte header,
/// whichever spelling arrived. Never empty.
struct MediaReceived {
    TrackKind kind = TrackKind::video;
    std::uint32_t timestamp = 0;  // ms, modulo 2^32; see TimestampUnwrapper
    Bytes payload;
};
/// A codec this system does not carry: refuse with refuse_publish.
struct UnsupportedMedia {
    TrackKind kind = TrackKind::video;
    std::string codec;  // "hvc1", "video codec id 2" …
};
/// AMF0 data, with @setDataFrame stripped.
struct DataReceived {
    std::uint32_t timestamp = 0;
    std::string name;
    Bytes payload;  // the whole message: name, then values
};
/// closeStream, deleteStream or FCUnpublish: the peer is done with its publish or play.
struct StreamClosed {};
struct PauseRequested {
    bool pause = false;
};
/// Answer to send_ping.
struct PongReceived {
    std::uint32_t timestamp = 0;
};
/// The connection must be closed once output() is sent.
struct Ended {
    Error reason;
};

/// The code of the onStatus that tells the window, a number of milliseconds in "window".
inline constexpr std::string_view kReconnectWindow = "NetConnection.Tongke.ReconnectWindow";
inline constexpr std::string_view kReconnectRequest = "NetConnection.Connect.ReconnectRequest";

using ServerEvent = std::variant<Connected, PublishRequested, PlayRequested, MediaReceived, UnsupportedMedia,
                                 DataReceived, StreamClosed, PauseRequested, PongReceived, Ended>;

class ServerSession {
  public:
    /// `seed` fills the handshake's random bytes.
    explicit ServerSession(std::uint64_t seed = 1);
    ~ServerSession();
    ServerSession(ServerSession&&) noexcept;
    ServerSession& operator=(ServerSession&&) noexcept;

    std::vector<ServerEvent> feed(ByteView input);

    /// Bytes to send. After sending, the owner clears it or takes it whole.
    Bytes& output();
    Bytes take_output();

    /// True once both sides of the handshake are done (for the handshake deadline).
    bool handshake_done() const;
    std::uint64_t bytes_received() const;

    /// NetStream.Publish.Start. Gives the media that came since the request (1 MB at most,
    /// beyond that the session ends), in its order; refuse_publish drops it.
    std::vector<ServerEvent> accept_publish();
    /// onStatus error with `code` (NetStream.Publish.BadName …); the owner then sends and closes.
    void refuse_publish(std::string_view code, std::string_view description);
    /// StreamBegin, Play.Reset, Play.Start {firstFrame, resumed}. The joiner's
    /// preface and the frames follow from the owner, chunk size kWireChunkSize.
    void accept_play(std::int64_t first_frame, bool resumed);
    void refuse_play(std::string_view code, std::string_view description);
    /// Play.UnpublishNotify and StreamEOF: the stream is over for this player.
    void end_play(std::string_view description);
    void send_status(std::string_view level, std::string_view code, std::string_view description);
    /// The peer understands ReconnectRequest (enhanced RTMP v2, capsEx).
    bool can_reconnect() const;
    /// NetConnection.Connect.ReconnectRequest, before a planned stop: media goes on for `within`, a Tongke
    /// property that other clients ignore.
    void send_reconnect_request(std::string_view description, Milliseconds within);
    /// kReconnectWindow: should the connection be lost, the peer is to come back at a moment of its choice
    /// within this, so that not all come at once (TRAPS.md 1.10). Only for peers that can_reconnect().
    void send_reconnect_window(Milliseconds window);
    void send_ping(std::uint32_t timestamp);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tongke::rtmp
