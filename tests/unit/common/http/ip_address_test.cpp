#include "common/net/ip_address.hpp"

#include "tests/support/catch.hpp"

using namespace tongke::net;

TEST_CASE("addresses are read strictly and a mapped one is IPv4") {
    CHECK(IpAddress::parse("192.0.2.1")->text() == "192.0.2.1");
    CHECK(IpAddress::parse("::ffff:192.0.2.1")->text() == "192.0.2.1");
    CHECK(IpAddress::parse("[2001:DB8::1]")->text() == "2001:db8::1");
    CHECK(IpAddress::parse("fe80::1%eth0")->text() == "fe80::1");
    for (const auto* bad : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", ":::", "1.2.3.4 "})
        CHECK_FALSE(IpAddress::parse(bad));
}

TEST_CASE("a prefix contains its own family's addresses") {
    const auto lan = *IpPrefix::parse("192.168.1.77/16");
    CHECK(lan.text() == "192.168.0.0/16");
    CHECK(lan.contains(*IpAddress::parse("192.168.200.1")));
    CHECK(lan.contains(*IpAddress::parse("::ffff:192.168.200.1")));
    CHECK_FALSE(lan.contains(*IpAddress::parse("192.169.0.1")));
    CHECK_FALSE(lan.contains(*IpAddress::parse("c0a8::1")));
    CHECK(IpPrefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("8.8.8.8")));
    CHECK(IpPrefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:7fff::1")));
    CHECK_FALSE(IpPrefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:8000::1")));
    for (const auto* bad : {"1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.4/8x", "::/129"})
        CHECK_FALSE(IpPrefix::parse(bad));
}

TEST_CASE("loopback and private addresses are known") {
    CHECK(IpAddress::parse("127.8.8.8")->is_loopback());
    CHECK(IpAddress::parse("::1")->is_loopback());
    CHECK_FALSE(IpAddress::parse("::2")->is_loopback());
    for (const auto* text : {"127.0.0.1", "10.1.1.1", "172.31.0.1", "192.168.0.1", "fd00::1", "fe80::1"})
        CHECK(IpAddress::parse(text)->is_private());
    for (const auto* text : {"172.32.0.1", "8.8.8.8", "2001:db8::1"})
        CHECK_FALSE(IpAddress::parse(text)->is_private());
}

TEST_CASE("this machine's own prefixes contain loopback") {
    CHECK(contains(own_prefixes(), *IpAddress::parse("127.0.0.1")));
}
