#include "common/net/endpoint.hpp"

#include "common/net/tcp.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using net::Endpoint;

TEST_CASE("addresses to listen on are read as configuration writes them") {
    CHECK(net::parse_endpoint("[::]:1935").value() == Endpoint{"::", 1935});
    CHECK(net::parse_endpoint("0.0.0.0:8080").value() == Endpoint{"0.0.0.0", 8080});
    CHECK(net::parse_endpoint("127.0.0.1:0").value() == Endpoint{"127.0.0.1", 0});
    CHECK(net::parse_endpoint("[2001:db8::1]:65535")->text() == "[2001:db8::1]:65535");
}

TEST_CASE("what is no address says why") {
    CHECK(net::parse_endpoint("1935").error() == net::Errc::no_port);
    CHECK(net::parse_endpoint("").error() == net::Errc::no_port);
    CHECK(net::parse_endpoint("[::]:").error() == net::Errc::bad_port);
    CHECK(net::parse_endpoint("[::]:70000").error() == net::Errc::bad_port);
    CHECK(net::parse_endpoint("[::]:80x").error() == net::Errc::bad_port);
    CHECK(net::parse_endpoint("::1:80").error() == net::Errc::bad_address);
    CHECK(net::parse_endpoint("localhost:80").error() == net::Errc::bad_address);
    CHECK(net::parse_endpoint("[127.0.0.1]:80").error() == net::Errc::bad_address);
}

TEST_CASE("a port of its own is found, and a taken one is an exception that names the address") {
    boost::asio::io_context io;
    const auto acceptor = net::listen(io, {"127.0.0.1", 0});
    const auto port = acceptor.local_endpoint().port();
    CHECK(port != 0);
    CHECK_THROWS_WITH(net::listen(io, {"127.0.0.1", port}),
                      Catch::Contains("127.0.0.1:" + std::to_string(port)));
}
