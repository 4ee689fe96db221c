// Requests and responses as plain values, without Asio or Beast: handlers are
// written and tested against these; common/http/server.cpp does the sockets.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/blob.hpp"
#include "common/http/header_lines.hpp"

namespace tongke::http {

// Room is made at once for as many.
inline constexpr std::size_t kUsualHeaders = 12;

struct Request {
    std::string method;  // "GET"; HEAD is given to GET handlers, the body dropped by the server
    std::string target;  // as sent: path?query
    std::string path;    // percent-decoded; a target that cannot be decoded never reaches a handler
    std::vector<std::pair<std::string, std::string>> query;     // decoded, in order
    std::vector<std::pair<std::string, std::string>> headers;   // names lower-case
    std::vector<std::pair<std::string, std::string>> captures;  // {name} parts of the route, in order
    std::string body;
    std::string peer;         // "192.0.2.1" or "2001:db8::1" (v4-mapped is written as v4): the socket's own
                              // address, or X-Forwarded-For's when the socket is a trusted proxy
    std::string socket_peer;  // always the socket's own address
    bool tls = false;         // this connection, or X-Forwarded-Proto of a trusted proxy
    int worker = 0;           // index of the io_context that carries the connection (order of Server's list)

    std::string_view header(std::string_view lower_case_name) const;  // "" when absent
    std::optional<std::string> query_value(std::string_view name) const;
    std::string_view cookie(std::string_view name) const;   // "" when absent
    std::string_view capture(std::string_view name) const;  // "" when absent
    std::string_view bearer_token() const;                  // Authorization: Bearer, "" when absent
};

/// A response that stays open (text/event-stream). The handler makes one with
/// make_event_stream(), answers with it and keeps the pointer; events written
/// before the head is sent are kept. Thread-safe.
class EventStream {
  public:
    virtual ~EventStream() = default;
    /// One event; over the unsent bound the stream is closed and counted `slow_event_reader`.
    virtual void event(std::string_view name, std::string_view data) = 0;
    virtual void close() = 0;
    virtual bool open() const = 0;
};
/// `on_close` is called once, from any thread, when the peer left, fell behind,
/// the server stopped or close() was called.
std::shared_ptr<EventStream> make_event_stream(std::function<void()> on_close = {});

struct Response {
    int status = 200;
    HeaderLines headers;
    std::string text;                     // the body, unless `shared` is set
    SharedBlob shared;                    // immutable bytes sent without a copy of ours
    std::shared_ptr<EventStream> stream;  // server-sent events (text/event-stream)

    /// The word by which a refusal is counted (tongke_refused_total); problem() takes its code for 400 to
    /// 499. "" = nothing to count, or counted already.
    std::string counted_as;

    Response& with(std::string_view name, std::string_view value) {
        headers.add(name, value);
        return *this;
    }
    std::string_view header(std::string_view name) const { return headers.value(name); }  // "" when absent
};

Response json_response(std::string json, int status = 200);
/// application/problem+json with a stable `code` and a Chinese `detail` (CONTRACT.md §6).
/// `extra_members` is JSON text of further members without braces, e.g. `"next":"…"`.
Response problem(int status, std::string_view code, std::string_view detail_zh,
                 std::string extra_members = {});
/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

/// Called exactly once per request, from any thread, at once or later; a Reply
/// destroyed unused answers 500. Copies share the one answer.
class Reply {
  public:
    using Sink = std::function<void(Response)>;
    explicit Reply(Sink sink);
    void operator()(Response response) const;

  private:
    struct Once;
    std::shared_ptr<Once> once_;
};

using Handler = std::function<void(const Request&, Reply)>;

}  // namespace tongke::http
