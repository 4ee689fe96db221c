#include "relay/session/channel.hpp"

#include <openssl/err.h>
#include <poll.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <thread>

#include "common/net/tcp.hpp"
#include "common/net/tls_context.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::relay;
namespace asio = boost::asio;

namespace {

/// A connection: this side a Channel, the other a blocking client on a thread of its own.
struct Line {
    explicit Line(bool tls)
        : acceptor(net::listen(io, net::parse_endpoint("127.0.0.1:0").value())), peer(io) {
        peer.connect(acceptor.local_endpoint());
        async::TcpSocket accepted(io);
        acceptor.accept(accepted);
        net::prepare(accepted);
        if (tls) {
            const test::Certificate made{dir.path()};
            context = net::load_tls_context(made.files.certificate, made.files.private_key).value();
        }
        channel.emplace(std::move(accepted), context);
    }
    /// Asio's own wait() returns at once where a socket does not block.
    void wait_for(short what) {
        pollfd waits{channel->socket().native_handle(), what, 0};
        ::poll(&waits, 1, 10'000);
    }
    /// Reads until what `done` says, waiting for the socket in between.
    template <class Done>
    Bytes read_until(Done done) {
        Bytes got;
        std::array<std::uint8_t, 4096> part;
        while (!done(got)) {
            Error error;
            const auto count = channel->read_some(part, error);
            if (error == asio::error::would_block) {
                wait_for(POLLIN);
                continue;
            }
            last = error;
            if (error) break;
            got.insert(got.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
        }
        return got;
    }

    test::TemporaryDir dir;
    asio::io_context io;
    async::TcpAcceptor acceptor;
    async::TcpSocket peer;
    SharedTlsContext context;
    std::optional<Channel> channel;
    Error last;
};

struct TlsClient {
    explicit TlsClient(async::TcpSocket& socket) : stream(socket, context) {
        stream.handshake(asio::ssl::stream_base::client);
    }
    asio::ssl::context context{asio::ssl::context::tls_client};
    asio::ssl::stream<async::TcpSocket&> stream;
};

std::uint8_t pattern(std::size_t i) { return static_cast<std::uint8_t>(i * 31 + (i >> 8)); }

}  // namespace

TEST_CASE("bytes go both ways, plain and encrypted, and the end is told") {
    const bool tls = GENERATE(false, true);
    Line line(tls);
    Bytes heard(5);
    std::thread other([&] {
        const auto talk = [&](auto& stream) {
            asio::write(stream, asio::buffer("hello", 5));
            asio::read(stream, asio::buffer(heard));
        };
        if (tls) {
            TlsClient client(line.peer);
            talk(client.stream);
            client.stream.shutdown();
        } else {
            talk(line.peer);
            line.peer.shutdown(async::TcpSocket::shutdown_send);
        }
    });
    const auto got = line.read_until([](const Bytes& bytes) { return bytes.size() >= 5; });
    CHECK(as_text(got) == "hello");
    Error error;
    CHECK(line.channel->write_some(as_bytes("world"), error) == 5);
    CHECK_FALSE(error);
    line.read_until([](const Bytes&) { return false; });
    CHECK(line.last == asio::error::eof);
    line.channel->finish();
    other.join();
    CHECK(as_text(heard) == "world");
}

TEST_CASE("a slow peer gets exactly what was taken, also where the caller changes its mind") {
    Line line(true);
    constexpr std::size_t kBytes = 24u << 20;
    Bytes heard(kBytes);
    std::optional<TlsClient> client;
    std::thread shaking([&] { client.emplace(line.peer); });
    // The handshake is the reading's work; it ends with what the client sends last.
    std::array<std::uint8_t, 1> nothing{};
    for (Error error = asio::error::in_progress; error == asio::error::in_progress;) {
        line.wait_for(POLLIN);
        line.channel->read_some(nothing, error);
        line.channel->write_some({}, error);
    }
    shaking.join();
    std::thread other;
    std::size_t taken = 0, refusals = 0;
    Bytes part;
    while (taken < kBytes) {
        // What is offered after a refusal is longer and not the same memory.
        part.resize(std::min<std::size_t>(kBytes - taken, 1000 + refusals * 977 % 200'000));
        for (std::size_t i = 0; i < part.size(); ++i) part[i] = pattern(taken + i);
        Error error;
        const auto count = line.channel->write_some(part, error);
        taken += count;
        if (error == asio::error::would_block) {
            REQUIRE(count == 0);
            ++refusals;
            // Nobody reads until the line is full.
            if (!other.joinable())
                other = std::thread([&] { asio::read(client->stream, asio::buffer(heard)); });
            line.wait_for(POLLOUT);
        } else {
            REQUIRE_FALSE(error);
        }
    }
    for (;;) {
        Error error;
        line.channel->flush(error);
        if (!error) break;
        REQUIRE(error == asio::error::would_block);
        line.wait_for(POLLOUT);
    }
    REQUIRE(other.joinable());
    other.join();
    CHECK(refusals > 0);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < kBytes; ++i) wrong += heard[i] != pattern(i);
    CHECK(wrong == 0);
}

TEST_CASE("half a record is not input: nothing is to be read before the rest comes") {
    Line line(true);
    std::optional<TlsClient> client;
    std::thread shaking([&] {
        client.emplace(line.peer);
        asio::write(client->stream, asio::buffer("hello", 5));
    });
    line.read_until([](const Bytes& bytes) { return bytes.size() >= 5; });
    shaking.join();
    const std::array<std::uint8_t, 9> half{0x17, 3, 3, 1, 0, 1, 2, 3, 4};  // of 256 bytes
    asio::write(line.peer, asio::buffer(half));
    line.wait_for(POLLIN);
    std::array<std::uint8_t, 16> part{};
    Error error;
    CHECK(line.channel->read_some(part, error) == 0);
    CHECK(error == asio::error::would_block);
    line.channel->read_some(part, error);
    CHECK(error == asio::error::would_block);
}

TEST_CASE("an error of one connection is not another's") {
    Line broken(true), line(true);
    std::optional<TlsClient> client;
    std::thread shaking([&] {
        client.emplace(line.peer);
        asio::write(client->stream, asio::buffer("hello", 5));
    });
    const auto got = line.read_until([](const Bytes& bytes) { return bytes.size() >= 5; });
    shaking.join();
    asio::write(broken.peer, asio::buffer(std::string(2000, 'x')));
    broken.read_until([](const Bytes&) { return false; });
    REQUIRE(broken.last);
    ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR);
    std::array<std::uint8_t, 16> part{};
    Error error;
    line.channel->read_some(part, error);
    CHECK(error == asio::error::would_block);
}

TEST_CASE("what is no TLS ends the connection and is no endless wait") {
    Line line(true);
    asio::write(line.peer, asio::buffer(std::string(2000, 'x')));
    line.read_until([](const Bytes&) { return false; });
    CHECK(line.last);
    CHECK(line.last != asio::error::would_block);
}
