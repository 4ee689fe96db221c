#include "common/http/server.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "tests/support/catch.hpp"
#include "tests/unit/common/http/running_server.hpp"

using namespace tongke;
using namespace tongke::http;
namespace asio = boost::asio;

namespace {

/// A peer that sends what it likes.
struct Peer {
    asio::io_context io;
    asio::ip::tcp::socket socket{io};

    explicit Peer(std::uint16_t port) { socket.connect({asio::ip::make_address("127.0.0.1"), port}); }
    void send(std::string_view bytes) { asio::write(socket, asio::buffer(bytes)); }
    /// Everything until the server closes.
    std::string read_all() {
        std::string text;
        Error error;
        asio::read(socket, asio::dynamic_buffer(text), error);
        return text;
    }
    std::string read_until(std::string_view mark) {
        std::string text;
        Error error;
        asio::read_until(socket, asio::dynamic_buffer(text), std::string{mark}, error);
        return text;
    }
};

/// So many files and sockets may be open, until it goes.
class FileLimit {
  public:
    explicit FileLimit(rlim_t most) {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit now{most, before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &now);
    }
    ~FileLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

constexpr std::string_view kClose = "Connection: close\r\n\r\n";

std::string ask(std::uint16_t port, std::string_view bytes) {
    Peer peer{port};
    peer.send(bytes);
    return peer.read_all();
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
    return n;
}

}  // namespace

TEST_CASE("pipelined requests are answered in order on one connection") {
    Running s;
    s.start();
    const auto text = ask(s.port,
                          "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst"
                          "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                          "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(count(text, "HTTP/1.1 200 OK") == 3);
    CHECK(count(text, "\"127.0.0.1\"") == 1);
    CHECK(text.find("first") < text.find("HTTP/1.1 404"));
}

TEST_CASE("input that is not HTTP is answered 400 and counted") {
    Running s;
    s.start();
    const std::string bad = GENERATE(
        as<std::string>{}, "\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET /\xff HTTP/1.1\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "GET /hello HTTP/1.1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /hello HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    CAPTURE(bad);
    const auto text = ask(s.port, bad);
    CHECK(text.substr(0, 12) == "HTTP/1.1 400");
    CHECK(text.find("application/problem+json") != std::string::npos);
    CHECK(s.refused("bad_request") == 1);
}

TEST_CASE("lengths have bounds") {
    Running s;
    s.options.limits.head_bytes = 1024;
    s.options.limits.body_bytes = 10;
    s.start();
    const auto long_head = "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x') + "\r\n\r\n";
    CHECK(ask(s.port, long_head).substr(0, 12) == "HTTP/1.1 431");
    CHECK(ask(s.port, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4294967296\r\n\r\n").substr(0, 12) ==
          "HTTP/1.1 413");
    CHECK(ask(s.port,
              "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello "
              "world\r\n0\r\n\r\n")
              .substr(0, 12) == "HTTP/1.1 413");
    CHECK(s.refused("head_too_large") == 1);
    CHECK(s.refused("body_too_large") == 2);
}

TEST_CASE("a peer that stops in the middle of its request is told 408") {
    Running s;
    s.options.limits.head = s.options.limits.body = Milliseconds{40};
    s.start();
    CHECK(ask(s.port, "GET /hello HTTP/1.1\r\nHos").substr(0, 12) == "HTTP/1.1 408");
    CHECK(ask(s.port, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").substr(0, 12) ==
          "HTTP/1.1 408");
    CHECK(s.refused("head_timeout") == 1);
    CHECK(s.refused("body_timeout") == 1);
}

TEST_CASE("an idle connection is closed without a word") {
    Running s;
    s.options.limits.idle = Milliseconds{40};
    s.start();
    CHECK(ask(s.port, "").empty());
}

TEST_CASE("who has never asked for anything gets no longer than for a request") {
    Running s;
    s.options.limits.head = Milliseconds{40};
    s.start();
    CHECK(ask(s.port, "").empty());
}

TEST_CASE("a full server closes those that never asked, then the idlest, to serve who comes") {
    Running s;
    s.options.limits.connections = 2;
    s.start();
    Peer asked{s.port};
    asked.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    asked.read_until("\r\n\r\n");
    Peer silent{s.port};
    while (s.server->connections() < 2) std::this_thread::yield();
    CHECK(ask(s.port, "GET /hello HTTP/1.1\r\nHost: a\r\n" + std::string{kClose}).substr(0, 12) ==
          "HTTP/1.1 200");
    CHECK(silent.read_all().empty());
    CHECK(s.refused("idle_evicted") >= 1);
    CHECK(s.refused("too_many_connections") == 0);
}

TEST_CASE("what handlers and the router refuse is counted by its code") {
    std::mutex mutex;
    std::map<std::string, int> reasons;
    Running s;
    s.options.on_refused = [&](const std::string& reason) {
        const std::lock_guard lock{mutex};
        ++reasons[reason];
    };
    s.start();
    ask(s.port, "GET /none HTTP/1.1\r\nHost: a\r\n" + std::string{kClose});
    ask(s.port, "PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + std::string{kClose});
    ask(s.port, "GET /hello HTTP/1.1\r\nHost: a\r\n" + std::string{kClose});
    const std::lock_guard lock{mutex};
    CHECK(reasons == std::map<std::string, int>{{"not_found", 1}, {"method_not_allowed", 1}});
}

TEST_CASE("a body framed by anything but chunked is refused, never read as the next request") {
    Running s;
    s.start();
    for (const std::string coding : {"gzip, chunked", "identity", "chunked\r\nTransfer-Encoding: chunked"}) {
        const auto text = ask(s.port, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + coding +
                                          "\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(text.substr(0, 12) == "HTTP/1.1 400");
        CHECK(count(text, "HTTP/1.1") == 1);
    }
}

TEST_CASE("a forwarded address is believed from a trusted proxy only") {
    Running s;
    const bool is_trusted = GENERATE(true, false);
    s.options.trusted_proxies = {*net::IpPrefix::parse(is_trusted ? "127.0.0.0/8" : "10.0.0.0/8")};
    s.start();
    const auto text =
        ask(s.port,
            "GET /hello HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nConnection: close\r\n\r\n");
    CHECK(count(text, is_trusted ? "\"198.51.100.1\"" : "\"127.0.0.1\"") == 1);
}

TEST_CASE("a chunked body whose end comes byte by byte is answered, and so is the next request") {
    Running s;
    s.start();
    Peer peer{s.port};
    peer.socket.set_option(asio::ip::tcp::no_delay{true});
    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    for (const char c : std::string_view{"0\r\n\r\n"}) peer.send({&c, 1});
    CHECK(peer.read_until("first").starts_with("HTTP/1.1 200 OK"));
    peer.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(count(peer.read_all(), "\"127.0.0.1\"") == 1);
}

TEST_CASE("a chunk's line without an end is refused within a bound") {
    Running s;
    s.options.limits.body_bytes = 1024;
    s.start();
    Peer peer{s.port};
    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    Error error;
    for (int i = 0; i < 4096 && !error; ++i)
        asio::write(peer.socket, asio::buffer(std::string(1024, 'x')), error);
    CHECK(error);  // nobody takes 4 MB of it
    CHECK(s.refused("body_too_large") == 1);
}

TEST_CASE("where no descriptor is left the idlest connections make room") {
    Running s;
    s.start();
    asio::io_context io;
    const asio::ip::tcp::endpoint server{asio::ip::make_address("127.0.0.1"), s.port};
    std::vector<asio::ip::tcp::socket> idle;
    for (int i = 0; i < 40; ++i) idle.emplace_back(io, asio::ip::tcp::v4());
    asio::ip::tcp::socket late{io, asio::ip::tcp::v4()};
    const FileLimit limit{static_cast<rlim_t>(late.native_handle()) + 11};
    for (auto& socket : idle) socket.connect(server);
    late.connect(server);
    asio::write(late, asio::buffer("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    std::string text;
    Error error;
    asio::read(late, asio::dynamic_buffer(text), error);
    CHECK(text.starts_with("HTTP/1.1 200 OK"));
    CHECK(s.refused("idle_evicted") >= 30);
}

TEST_CASE("connections over the limit get 503 and Retry-After when all are at work") {
    Running s;
    s.options.limits.connections = 1;
    s.start();
    Peer first{s.port};
    first.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    first.read_until("\r\n\r\n");
    const auto text = ask(s.port, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(text.substr(0, 12) == "HTTP/1.1 503");
    CHECK(text.find("Retry-After: 2") != std::string::npos);
    CHECK(s.refused("too_many_connections") == 1);
}

TEST_CASE("connections above the rate get 503, and when to come back") {
    Running s;
    s.options.limits.accepts_per_second = 1;
    s.start();
    CHECK(ask(s.port, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").substr(0, 12) ==
          "HTTP/1.1 200");
    const auto text = ask(s.port, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(text.substr(0, 12) == "HTTP/1.1 503");
    CHECK_THAT(text, Catch::Contains("Retry-After: ") && Catch::Contains("over_accept_rate"));
    CHECK(s.refused("over_accept_rate") == 1);
}

TEST_CASE("what lies in a memory file arrives whole, between other answers") {
    Running s;
    REQUIRE(s.filed->file() >= 0);
    s.start();
    const std::string once = "GET /file HTTP/1.1\r\nHost: a\r\n";
    const auto text = ask(s.port, once + "\r\nHEAD /file HTTP/1.1\r\nHost: a\r\n\r\n" +
                                      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" + once + std::string{kClose});
    const auto body = as_text(*s.filed);
    const auto first = text.find(body), second = text.find(body, first + 1);
    REQUIRE(first != text.npos);
    REQUIRE(second != text.npos);
    CHECK(second + body.size() == text.size());
    CHECK(count(text, "HTTP/1.1 200 OK") == 4);
    CHECK(count(text, fmt::format("Content-Length: {}", body.size())) == 3);
    CHECK(s.server->sent_bytes() == text.size());
}

TEST_CASE("a reader that takes nothing is dropped, the others are served") {
    const std::string path = GENERATE("/big", "/file");
    Running s;
    s.options.limits.write_progress = Milliseconds{50};
    s.start();
    Peer stuck{s.port};
    stuck.socket.set_option(asio::socket_base::receive_buffer_size(4096));
    const auto asking = "GET " + path + " HTTP/1.1\r\nHost: a\r\n";
    stuck.send(asking + "\r\n" + asking + "\r\n" + asking + "\r\n");
    const auto whole = ask(s.port, asking + std::string{kClose});
    CHECK(whole.size() > s.filed->size());
    while (s.server->connections() > 0) std::this_thread::yield();
    CHECK(s.refused("slow_reader") == 1);
}

TEST_CASE("the admit hook refuses before the body is read") {
    Running s;
    s.options.admit = [](const Request& r) -> std::optional<Response> {
        if (r.path == "/echo") return problem(403, "plain_http_refused", "请使用 HTTPS");
        return std::nullopt;
    };
    s.options.finish = [](const Request&, Response& r) { r.with("X-Seen", "1"); };
    s.start();
    const auto text = ask(s.port, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n");
    CHECK(text.substr(0, 12) == "HTTP/1.1 403");
    CHECK(text.find("X-Seen: 1") != std::string::npos);
}

TEST_CASE("events are streamed and the handler learns that the peer left") {
    Running s;
    s.start();
    {
        Peer peer{s.port};
        peer.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
        const auto text = peer.read_until("two\n\n");
        CHECK(text.find("event: state\ndata: one\ndata: two\n\n") != std::string::npos);
        s.streams.front()->event("state", "three");
        peer.read_until("three\n\n");
    }
    s.stream_closed.get_future().get();
    CHECK_FALSE(s.streams.front()->open());
}

TEST_CASE("HEAD of an event stream is its head alone, and the handler learns that nobody reads") {
    Running s;
    s.start();
    const auto text = ask(s.port, "HEAD /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(text.starts_with("HTTP/1.1 200 OK"));
    CHECK(text.ends_with("\r\n\r\n"));
    CHECK(count(text, "one") == 0);
    CHECK(s.stream_closed.get_future().wait_for(std::chrono::seconds{5}) == std::future_status::ready);
}

TEST_CASE("an event reader that falls behind is closed within its bound") {
    Running s;
    s.options.limits.event_stream_unsent = 64 * 1024;
    s.start();
    Peer peer{s.port};
    peer.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.read_until("two\n\n");
    const std::string data(1000, 'x');
    while (s.streams.front()->open()) s.streams.front()->event("state", data);
    s.stream_closed.get_future().get();
    peer.socket.close();
    s.stop();
    CHECK(s.refused("slow_event_reader") == 1);
}

TEST_CASE("stop closes idle, waiting and streaming connections and leaves nothing") {
    Running s;
    s.options.limits.stop_grace = Milliseconds{50};
    s.start();
    Peer idle{s.port}, waiting{s.port}, streaming{s.port};
    idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    idle.read_until("\r\n\r\n");
    waiting.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    streaming.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    streaming.read_until("two\n\n");
    s.stop();
    CHECK(s.server->connections() == 0);
    s.held.clear();
}

TEST_CASE("a handler that never answers is a 503") {
    Running s;
    s.options.limits.handler = Milliseconds{30};
    s.start();
    const auto text = ask(s.port, "GET /held HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n" +
                                      std::string{kClose});
    CHECK(text.substr(0, 12) == "HTTP/1.1 503");
    CHECK(count(text, "HTTP/1.1 200") == 1);
}
