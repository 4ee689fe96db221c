#include "player/app/config.hpp"

#include "tests/support/catch.hpp"

namespace tongke::player {
namespace {

std::vector<config::Problem> problems_of(std::string_view text) {
    auto document = config::Document::parse(text, "player.toml");
    read_config(document);
    return document.problems();
}

}  // namespace

TEST_CASE("the shipped file shows the defaults and nothing else") {
    auto document = config::Document::load(std::string(TONGKE_TESTS_DIR) + "/../config/player.toml");
    CHECK(read_config(document) == PlayerConfig{});
    CHECK(document.problems().empty());
}

TEST_CASE("an unknown key is named with its line and its nearest name") {
    const auto problems = problems_of("[http]\nlisten = \"[::]:8090\"\ntls_lisen = \"\"\n");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 3);
    CHECK(problems[0].text.find("tls_listen") != std::string::npos);
}

TEST_CASE("upstreams keep their order and refuse what is no address") {
    auto document = config::Document::parse(
        "[[upstream]]\nurl = \"https://a\"\n[[upstream]]\nurl = \"rtmp://b:1936\"\n", "player.toml");
    CHECK(read_config(document).upstreams == std::vector<std::string>{"https://a", "rtmp://b:1936"});
    CHECK(document.problems().empty());
    CHECK(problems_of("[[upstream]]\nurl = \"ftp://a\"\n").size() == 1);
}

TEST_CASE("an address that ends in a slash is the same address") {
    auto document = config::Document::parse("[relay]\nurl = \"http://a:8080//\"\n", "player.toml");
    CHECK(read_config(document).relay.url == "http://a:8080");
}

TEST_CASE("two listeners on one port are a problem") {
    const auto problems = problems_of(
        "[http]\nlisten = \"[::]:8443\"\n[tls]\ncertificate = \"/dev/null\"\nprivate_key = \"/dev/null\"\n");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].text == "http.tls_listen and http.listen are the same");
}

TEST_CASE("what is no certificate is found before the start") {
    auto document = config::Document::parse(
        "[tls]\ncertificate = \"/dev/null\"\nprivate_key = \"/dev/null\"\n", "player.toml");
    const auto read = read_config(document);
    CHECK(document.problems().empty());
    program::check_certificate(document.root().section("tls"), read.tls);
    REQUIRE(document.problems().size() == 1);
    CHECK(document.problems()[0].line == 2);
    CHECK(document.problems()[0].text.find("the certificate cannot be used") == 0);
}

TEST_CASE("half a certificate is a problem") {
    CHECK(problems_of("[tls]\ncertificate = \"/dev/null\"\n").size() == 1);
}

}  // namespace tongke::player
