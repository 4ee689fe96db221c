#include "common/config/edit.hpp"

#include <fstream>
#include <iterator>

#include "common/config/config.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;

namespace {

std::optional<std::string> with_url(std::string_view text, std::string_view url = "http://c:8080") {
    return config::with_text(text, "relay", "url", url);
}

}  // namespace

TEST_CASE("a value is replaced where it stands") {
    CHECK(with_url("[relay]\nurl = \"\"  # the centre\nca = \"\"\n") ==
          "[relay]\nurl = \"http://c:8080\"  # the centre\nca = \"\"\n");
    CHECK(with_url("[relay]\nurl='http://old'\n[http]\n") == "[relay]\nurl=\"http://c:8080\"\n[http]\n");
    CHECK(with_url("relay.url = \"\"\n") == "relay.url = \"http://c:8080\"\n");
    CHECK(with_url("relay = { ca = \"\", url = \"\" }\n") ==
          "relay = { ca = \"\", url = \"http://c:8080\" }\n");
    CHECK(with_url("# 中心\n[relay]\r\nurl = \"中\"# 心\r\n") ==
          "# 中心\n[relay]\r\nurl = \"http://c:8080\"# 心\r\n");
    CHECK(with_url("[relay]\nurl = \"\"\"\na\"\"\"\nca = \"\"\n") ==
          "[relay]\nurl = \"http://c:8080\"\nca = \"\"\n");
}

TEST_CASE("a key is put into its section, whatever stands behind the section's name") {
    CHECK(with_url("[http]\nlisten = \"\"\n[relay]  # the centre\nca = \"x\"\n") ==
          "[http]\nlisten = \"\"\n[relay]  # the centre\nurl = \"http://c:8080\"\nca = \"x\"\n");
    CHECK(with_url("[relay]\r\nca = \"x\"\r\n") == "[relay]\r\nurl = \"http://c:8080\"\r\nca = \"x\"\r\n");
    CHECK(with_url("[relay]") == "[relay]\nurl = \"http://c:8080\"\n");
}

TEST_CASE("a section that is not there comes at the end") {
    CHECK(with_url("") == "\n[relay]\nurl = \"http://c:8080\"\n");
    CHECK(with_url("[http]\nlisten = \"a\"") ==
          "[http]\nlisten = \"a\"\n\n[relay]\nurl = \"http://c:8080\"\n");
}

TEST_CASE("what is no TOML, or would become none, is left alone") {
    CHECK_FALSE(with_url("[relay\n"));
    CHECK_FALSE(with_url("relay = 5\n"));
    CHECK_FALSE(with_url("[[relay]]\nurl = \"\"\n"));
    CHECK_FALSE(with_url("[[~a]]\n"));
}

TEST_CASE("no value breaks out of its quotes") {
    for (const std::string url : {"a\"b", "a\\", "a\nb = 1", "\x7f", "中心"}) {
        const auto text = with_url("[relay]\nurl = \"\"\nca = \"x\"\n", url);
        REQUIRE(text);
        auto document = config::Document::parse(*text, "f");
        std::string read, ca;
        auto section = document.root().section("relay");
        section.read("url", read);
        section.read("ca", ca);
        CHECK(read == url);
        CHECK(ca == "x");
        CHECK(document.problems().empty());
    }
}

TEST_CASE("the files that are shipped can be changed") {
    std::ifstream in(std::string(TONGKE_TESTS_DIR) + "/../config/player.toml");
    const std::string shipped{std::istreambuf_iterator<char>{in}, {}};
    const auto changed = with_url(shipped);
    REQUIRE(changed);
    CHECK(changed->size() == shipped.size() + std::string("http://c:8080").size());
}
