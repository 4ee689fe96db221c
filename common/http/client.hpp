// The HTTP/1.1 client of node and relay: requests with one overall deadline,
// kept-alive connections per origin, TLS verified against the system's CAs,
// a CA file or a pinned key. The caller may watch body bytes arrive.
// Belongs to one one-thread io_context; every call and callback is there.
// stop() cancels all and calls back when nothing is left.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"
#include "common/time/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace tongke::http {

enum class ClientError {
    bad_url = 1,
    resolve_failed,
    connect_failed,
    tls_failed,
    pin_mismatch,
    deadline,
    closed_early,
    bad_response,
    body_too_large,
    cancelled,
};
const boost::system::error_category& client_category();
inline Error make_error_code(ClientError e) { return {static_cast<int>(e), client_category()}; }

struct ClientOptions {
    std::string ca_file;  // PEM; empty: the system's
    std::string
        pin_sha256_hex;  // of the leaf's SubjectPublicKeyInfo; empty: none. A pin replaces the CA check
    std::string user_agent = "tongke";
    std::size_t idle_connections_per_origin = 4;
    Milliseconds idle{50'000};  // below the server's own
};

struct Url {
    bool tls = false;
    std::string host;  // without brackets
    std::uint16_t port = 80;
    std::string target;                                      // "/path?query"
    static std::optional<Url> parse(std::string_view text);  // http:// and https:// only
    std::string origin() const;                              // "http://host:port"
};

struct ClientRequest {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    Milliseconds deadline{10'000};  // for all of it, connecting included
    std::size_t max_body = 16 * 1024 * 1024;
    bool fresh_connection = false;  // do not use a kept one (a second try beside a stuck one)
    std::function<void(int status)> on_head;
    std::function<void(ByteView)> on_body;  // each piece as it arrives, before the answer
    bool keep_body = true;                  // false: only on_body sees it
};

struct ClientAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names lower-case
    Bytes body;
    bool reused_connection = false;
    SteadyTime sent{}, first_byte{}, last_byte{};  // steady clock

    std::string_view header(std::string_view lower_case_name) const;
    std::string_view text() const { return as_text(body); }
};

class Client {
  public:
    using Id = std::uint64_t;
    using Done = std::function<void(Result<ClientAnswer>)>;

    explicit Client(boost::asio::io_context& io, ClientOptions options = {});
    ~Client();
    Client(const Client&) = delete;

    /// `done` is called exactly once, never inside this call. A kept connection that the server closed
    /// before answering is replaced once by a new one (GET and HEAD only).
    Id send(ClientRequest request, Done done);
    /// `done` follows with ClientError::cancelled.
    void cancel(Id id);
    /// Cancels all; `stopped` is called when no connection and no callback is left.
    void stop(std::function<void()> stopped);
    /// The kept connections are closed (the network changed).
    void drop_idle();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tongke::http

namespace boost::system {
template <>
struct is_error_code_enum<tongke::http::ClientError> : std::true_type {};
}  // namespace boost::system
