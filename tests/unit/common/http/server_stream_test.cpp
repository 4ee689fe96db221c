#include "common/http/server_stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("a deadline that passes between two waits ends the next one too") {
    asio::io_context io;
    asio::ip::tcp::acceptor acceptor{io, {asio::ip::make_address("127.0.0.1"), 0}};
    async::TcpSocket peer{io}, accepted{io};
    peer.connect(acceptor.local_endpoint());
    acceptor.accept(accepted);
    http::ServerStream<async::TcpSocket> stream{std::move(accepted)};

    stream.arm(1ms);
    const auto now = std::chrono::steady_clock::now();
    stream.check(now + 10ms);  // nothing waits yet
    CHECK(stream.timed_out());
    std::array<char, 16> bytes;
    Error ended;
    stream.stream().async_read_some(asio::buffer(bytes), [&](Error error, std::size_t) { ended = error; });
    stream.check(now + 20ms);
    io.run_for(5s);
    CHECK(ended == asio::error::operation_aborted);

    stream.arm(1h);
    CHECK_FALSE(stream.timed_out());
    stream.check(now + 30ms);
    CHECK_FALSE(stream.timed_out());
}
