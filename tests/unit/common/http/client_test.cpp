#include "common/http/client.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include "tests/support/catch.hpp"
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

std::string sha256_hex(const unsigned char* bytes, int size) {
    unsigned char digest[32];
    EVP_Digest(bytes, static_cast<std::size_t>(size), digest, nullptr, EVP_sha256(), nullptr);
    std::string hex;
    for (const auto b : digest) hex += fmt::format("{:02x}", b);
    return hex;
}

/// A self-signed certificate for 127.0.0.1 in `dir`; `pin` is the digest of its key.
struct Certificate {
    net::TlsFiles files;
    std::string pin;

    explicit Certificate(const std::string& dir) : files{dir + "/cert.pem", dir + "/key.pem"} {
        EVP_PKEY* key = EVP_EC_gen("P-256");
        X509* cert = X509_new();
        X509_set_version(cert, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
        X509_gmtime_adj(X509_getm_notBefore(cert), -60);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        X509_set_pubkey(cert, key);
        X509_NAME* name = X509_get_subject_name(cert);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("node"),
                                   -1, -1, 0);
        X509_set_issuer_name(cert, name);
        X509_EXTENSION* alt = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
        X509_add_ext(cert, alt, -1);
        X509_sign(cert, key, EVP_sha256());
        write(files.certificate, [&](FILE* f) { PEM_write_X509(f, cert); });
        write(files.private_key,
              [&](FILE* f) { PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr); });
        unsigned char* der = nullptr;
        const int size = i2d_PUBKEY(key, &der);
        pin = sha256_hex(der, size);
        OPENSSL_free(der);
        X509_EXTENSION_free(alt);
        X509_free(cert);
        EVP_PKEY_free(key);
    }

    static void write(const std::string& path, const std::function<void(FILE*)>& body) {
        FILE* file = std::fopen(path.c_str(), "w");
        REQUIRE(file);
        body(file);
        std::fclose(file);
    }
};

}  // namespace

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
    const Certificate certificate{dir.path()};
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
    const Certificate old_one{before.path()}, new_one{after.path()};
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
