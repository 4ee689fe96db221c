#include "common/http/target.hpp"

#include "tests/support/catch.hpp"

using namespace tongke::http;

TEST_CASE("a target is split into decoded path and query") {
    const auto target = parse_target("/rooms/%E5%9F%8E/hls/index.m3u8?token=a%2Bb&x=1+2&flag");
    REQUIRE(target);
    CHECK(target->path == "/rooms/城/hls/index.m3u8");
    REQUIRE(target->query.size() == 3);
    CHECK(target->query[0] == std::pair<std::string, std::string>{"token", "a+b"});
    CHECK(target->query[1].second == "1 2");
    CHECK(target->query[2] == std::pair<std::string, std::string>{"flag", ""});
}

TEST_CASE("of an absolute target what follows the authority counts") {
    CHECK(origin_form("/a?b") == "/a?b");
    CHECK(origin_form("http://host:8080/a?b") == "/a?b");
    CHECK(origin_form("HTTPS://host/") == "/");
    CHECK(origin_form("http://host") == "/");
    for (const std::string_view bad :
         {"http:///a", "http://?a", "http://host?a", "ftp://host/a", "host/a", "*"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_target(origin_form(bad)));
    }
}

TEST_CASE("hostile targets are refused") {
    const auto* text =
        GENERATE("", "index.html", "http://host/", "*", "/a%", "/a%2", "/a%zz", "/a%00b", "/a%0d%0aSet",
                 "/../etc/passwd", "/a/..", "/a/%2e%2e/b", "/a/./b", "/a%2fb", "/a%2Fb", "/%ff%fe", "/a?x=%",
                 "/a?x=%ff", "/a?%00=1", "/a b\n", "/%c0%af", "/%ed%a0%80", "/%f5%80%80%80");
    CAPTURE(text);
    CHECK_FALSE(parse_target(text));
}

TEST_CASE("percent encoding survives a round trip") {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    CHECK(percent_decode(percent_encode(all)) == all);
}

TEST_CASE("a cookie is found by its whole name") {
    const std::string_view header = "xtongke_player=1; tongke_player=abc; other=\"q\"";
    CHECK(cookie_value(header, "tongke_player") == "abc");
    CHECK(cookie_value(header, "other") == "q");
    CHECK(cookie_value(header, "tongke") == "");
    CHECK(cookie_value("a=1;b=2", "b") == "2");
    CHECK(cookie_value("=;;= ;a", "a") == "");
}

TEST_CASE("bytes that belong to no character are replaced one by one") {
    CHECK(replace_invalid_utf8("a\xff城\xe5\x9f") == "a\xef\xbf\xbd城\xef\xbf\xbd\xef\xbf\xbd");
}
