#include "common/http/client.hpp"

#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/temporary_dir.hpp"
#include "tests/unit/common/http/running_server.hpp"

using namespace tongke;
using namespace tongke::http;
namespace asio = boost::asio;

namespace {

/// One request at a time on the test's own thread.
struct Caller {
    asio::io_context io;
    Client client;

    explicit Caller(ClientOptions options = {}) : client(io, std::move(options)) {}
    ~Caller() {
        client.stop([] {});
        io.restart();
        io.run();
    }

    Result<ClientAnswer> ask(ClientRequest request) {
        std::optional<Result<ClientAnswer>> got;
        client.send(std::move(request), [&](Result<ClientAnswer> r) { got = std::move(r); });
        CHECK_FALSE(got.has_value());
        io.restart();
        while (!got) io.run_one();
        return std::move(*got);
    }
    Result<ClientAnswer> get(std::uint16_t port, std::string path, bool tls = false) {
        ClientRequest request;
        request.url = (tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port) + path;
        return ask(std::move(request));
    }
};

/// An origin that answers each request of its one connection with the next of what it was told, as it is;
/// then it closes.
struct RawOrigin {
    asio::io_context io;
    asio::ip::tcp::acceptor acceptor{io, {asio::ip::make_address("127.0.0.1"), 0}};
    std::uint16_t port = acceptor.local_endpoint().port();
    std::thread thread;

    explicit RawOrigin(std::vector<std::string> answers) {
        thread = std::thread{[this, answers = std::move(answers)] {
            asio::ip::tcp::socket socket{io};
            acceptor.accept(socket);
            Error error;
            std::string asked;
            for (const auto& answer : answers) {
                const auto size = asio::read_until(socket, asio::dynamic_buffer(asked), "\r\n\r\n", error);
                if (error) return;
                asked.erase(0, size);
                asio::write(socket, asio::buffer(answer), error);
            }
        }};
    }
    ~RawOrigin() { thread.join(); }
};

}  // namespace

TEST_CASE("certificates that cannot be read are no certificates, and end nobody") {
    ClientOptions options;
    options.ca_file = "/nonexistent/ca.pem";
    Caller caller(options);
    CHECK_FALSE(caller.get(1, "/", true));
}

TEST_CASE("an interim answer is no answer, and the link stays in step") {
    RawOrigin origin{
        {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"}};
    Caller caller;
    std::vector<int> told;
    ClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(origin.port) + "/";
    request.on_head = [&](int status) { told.push_back(status); };
    const auto one = caller.ask(request), two = caller.ask(request);
    REQUIRE(one);
    CHECK(one->status == 200);
    CHECK(one->text() == "one");
    CHECK(one->headers.size() == 1);
    REQUIRE(two);
    CHECK(two->reused_connection);
    CHECK(two->text() == "two");
    CHECK(told == std::vector{200, 200});
}

TEST_CASE("an answer may end with its connection, and one that is cut or none at all is an error") {
    const auto ask = [](std::string answer) {
        RawOrigin origin{{std::move(answer)}};
        return Caller{}.get(origin.port, "/");
    };
    CHECK(ask("HTTP/1.0 200 OK\r\n\r\nuntil it closes")->text() == "until it closes");
    CHECK(ask("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut").error() == ClientError::closed_early);
    CHECK(ask("HTTP/1.1 100 Continue\r\n\r\n").error() == ClientError::closed_early);
    CHECK(ask("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n").error() ==
          ClientError::bad_response);
    CHECK(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=" + std::string(200'000, 'x'))
              .error() == ClientError::bad_response);
    CHECK(ask("SSH-2.0-OpenSSH_9.2\r\n").error() == ClientError::bad_response);
}

TEST_CASE("addresses are parsed strictly") {
    const auto url = Url::parse("https://[2001:db8::1]:8443/a?b=c#d");
    REQUIRE(url);
    CHECK(url->tls);
    CHECK(url->host == "2001:db8::1");
    CHECK(url->port == 8443);
    CHECK(url->target == "/a?b=c");
    CHECK(url->origin() == "https://[2001:db8::1]:8443");
    CHECK(Url::parse("http://relay.example")->target == "/");
    for (const auto* bad : {"", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://a:b",
                            "http://[::1", "http://[::1]x", "http://u:p@a/", "http://a b/", "http:///x"})
        CHECK_FALSE(Url::parse(bad));
}

TEST_CASE("a second request goes over the kept connection") {
    Running s;
    s.start();
    Caller caller;
    CHECK_FALSE(caller.get(s.port, "/hello")->reused_connection);
    const auto second = caller.get(s.port, "/hello");
    CHECK(second->reused_connection);
    CHECK(second->status == 200);
    CHECK(second->text() == "\"127.0.0.1\"");
    CHECK(second->header("content-type") == "application/json; charset=utf-8");
}

TEST_CASE("a body is sent and the answer's pieces are seen as they arrive") {
    Running s;
    s.start();
    Caller caller;
    ClientRequest post;
    post.method = "POST";
    post.url = "http://127.0.0.1:" + std::to_string(s.port) + "/echo";
    post.body = "{\"a\":1}";
    CHECK(caller.ask(post)->text() == "{\"a\":1}");

    std::size_t seen = 0, pieces = 0;
    ClientRequest big;
    big.url = "http://127.0.0.1:" + std::to_string(s.port) + "/big";
    big.keep_body = false;
    big.on_body = [&](ByteView piece) { seen += piece.size(), ++pieces; };
    const auto answer = caller.ask(big);
    REQUIRE(answer.has_value());
    CHECK(seen == s.megabytes->size());
    CHECK(pieces > 1);
    CHECK(answer->body.empty());
    CHECK(answer->first_byte <= answer->last_byte);
}

TEST_CASE("a kept connection that the server closed is replaced once") {
    Running s;
    s.options.limits.idle = Milliseconds{20};
    s.start();
    Caller caller;
    REQUIRE(caller.get(s.port, "/hello").has_value());
    while (s.server->connections() > 0) std::this_thread::yield();
    const auto again = caller.get(s.port, "/hello");
    REQUIRE(again.has_value());
    CHECK_FALSE(again->reused_connection);
}

TEST_CASE("every end without an answer has its own error") {
    Running s;
    s.start();
    Caller caller;
    CHECK(caller.get(1, "/").error() == ClientError::connect_failed);
    ClientRequest bad;
    bad.url = "rtmp://x";
    CHECK(caller.ask(bad).error() == ClientError::bad_url);
    ClientRequest small;
    small.url = "http://127.0.0.1:" + std::to_string(s.port) + "/big";
    small.max_body = 1000;
    CHECK(caller.ask(small).error() == ClientError::body_too_large);
    ClientRequest held;
    held.url = "http://127.0.0.1:" + std::to_string(s.port) + "/held";
    held.deadline = Milliseconds{30};
    CHECK(caller.ask(held).error() == ClientError::deadline);
}

TEST_CASE("a cancelled request says so, and stop leaves nothing") {
    Running s;
    s.start();
    Caller caller;
    std::optional<Error> first, second;
    bool stopped = false;
    ClientRequest held;
    held.url = "http://127.0.0.1:" + std::to_string(s.port) + "/held";
    const auto id = caller.client.send(held, [&](auto r) { first = r.error(); });
    caller.client.send(held, [&](auto r) { second = r.error(); });
    caller.client.cancel(id);
    caller.client.stop([&] { stopped = true; });
    caller.io.run();
    CHECK(first == Error{ClientError::cancelled});
    CHECK(second == Error{ClientError::cancelled});
    CHECK(stopped);
}

TEST_CASE("TLS is verified by CA file or by pin, and by nothing else") {
    const test::TemporaryDir dir;
    const test::Certificate certificate{dir.path()};
    Running s;
    s.start(certificate.files);
    ClientOptions ca, pin, wrong_pin;
    ca.ca_file = certificate.files.certificate;
    pin.pin_sha256_hex = certificate.pin;
    wrong_pin.pin_sha256_hex = std::string(64, '0');
    CHECK(Caller{ca}.get(s.port, "/hello", true)->status == 200);
    CHECK(Caller{pin}.get(s.port, "/big", true)->body.size() == s.megabytes->size());
    CHECK(Caller{wrong_pin}.get(s.port, "/hello", true).error() == ClientError::pin_mismatch);
    CHECK(Caller{}.get(s.port, "/hello", true).error() == ClientError::tls_failed);
    CHECK(Caller{}.get(s.port, "/hello", false).error() != Error{});
    CHECK(s.refused("tls_handshake") >= 2);
}

TEST_CASE("a reloaded certificate serves new connections, a broken one changes nothing") {
    const test::TemporaryDir before, after;
    const test::Certificate old_one{before.path()}, new_one{after.path()};
    Running s;
    s.start(old_one.files);
    ClientOptions trust_new;
    trust_new.pin_sha256_hex = new_one.pin;
    CHECK(s.server->reload_certificate({"/nonexistent", "/nonexistent"}).has_error());
    CHECK(s.server->reload_certificate({old_one.files.certificate, new_one.files.private_key}).has_error());
    CHECK(Caller{trust_new}.get(s.port, "/hello", true).error() == ClientError::pin_mismatch);
    REQUIRE(s.server->reload_certificate(new_one.files).has_value());
    CHECK(Caller{trust_new}.get(s.port, "/hello", true)->status == 200);
}
