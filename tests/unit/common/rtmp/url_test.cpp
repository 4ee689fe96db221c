#include "common/rtmp/url.hpp"

#include "common/rtmp/error.hpp"
#include "common/rtmp/timestamp.hpp"
#include "tests/support/catch.hpp"

using namespace tongke::rtmp;

TEST_CASE("an address is taken apart") {
    const auto url = parse_url("rtmp://relay.example:1936/live/main?token=a.b-c_d&resume=7");
    REQUIRE(url);
    CHECK(url->host == "relay.example");
    CHECK(url->port == 1936);
    CHECK_FALSE(url->tls);
    CHECK(url->app == "live");
    CHECK(url->stream == "main");
    CHECK(url->query == "token=a.b-c_d&resume=7");
    CHECK(url->tc_url() == "rtmp://relay.example:1936/live");
    CHECK(url->play_path() == "main?token=a.b-c_d&resume=7");
}

TEST_CASE("an IPv6 address, TLS and default ports are understood") {
    const auto plain = parse_url("rtmp://[2001:db8::1]/live/main");
    REQUIRE(plain);
    CHECK(plain->host == "2001:db8::1");
    CHECK(plain->port == 1935);
    CHECK(plain->tc_url() == "rtmp://[2001:db8::1]:1935/live");
    const auto secure = parse_url("rtmps://[::1]:1936/live/main");
    REQUIRE(secure);
    CHECK(secure->tls);
    CHECK(secure->port == 1936);
}

TEST_CASE("a token on the app is found beside one on the stream") {
    const auto url = parse_url("rtmp://h/live?key=K/main?a=1");
    REQUIRE(url);
    CHECK(url->app == "live");
    CHECK(url->stream == "main");
    CHECK(Query::parse(url->query).find("key") == "K");
    CHECK(Query::parse(url->query).find("a") == "1");
}

TEST_CASE("what is no rtmp address is refused") {
    for (const auto* text : {"", "rtmp://", "http://h/live/main", "rtmp:///live/main", "rtmp://h",
                             "rtmp://h/live", "rtmp://h/live/", "rtmp://h//main", "rtmp://h:0/live/main",
                             "rtmp://h:65536/live/main", "rtmp://h:x/live/main", "rtmp://[::1/live/main",
                             "rtmp://::1/live/main", "rtmp://[::1]x/live/main", "rtmp://u@h/live/main"}) {
        INFO(text);
        CHECK(parse_url(text).error() == Errc::bad_url);
    }
}

TEST_CASE("a query is decoded in order, first value wins") {
    const auto query = Query::parse("key=a%20b&&key=2&flag&=x&bad=%zz%4");
    CHECK(query.find("key") == "a b");
    CHECK(query.find("flag") == "");
    CHECK(query.find("bad") == "%zz%4");
    CHECK_FALSE(query.find("none"));
}

TEST_CASE("a stream is named by plain ASCII") {
    CHECK(valid_stream_name("main"));
    CHECK(valid_stream_name("Main-2_b.hd"));
    for (const auto& name :
         {std::string(), std::string(".."), std::string("a/b"), std::string("课"), std::string("a%00"),
          std::string("a\0b", 3), std::string(65, 'a'), std::string(4096, 'a'), std::string("a b")}) {
        CHECK_FALSE(valid_stream_name(name));
    }
}

TEST_CASE("32-bit timestamps unwrap forward and back") {
    TimestampUnwrapper time;
    CHECK(time.unwrap(0xFFFFFF00) == 0xFFFFFF00LL);
    CHECK(time.unwrap(0x00000010) == 0x100000010LL);
    CHECK(time.unwrap(0xFFFFFFF0) == 0xFFFFFFF0LL);
    CHECK(time.unwrap(0x00000020) == 0x100000020LL);
}
