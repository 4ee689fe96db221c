#include "common/config/config.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::config;
using std::chrono::hours;

namespace {

struct Sample {
    Address listen{"::", 1935};
    Milliseconds handshake{10'000};
    std::uint64_t unsent = 4 << 20;
    std::string level = "info", key;
    int merge = 0;
    double latency = 8;
    bool plain = true;
    std::vector<std::string> proxies;
};

Sample read(const Document& document) {
    Sample s;
    auto root = document.root();
    root.read("allow_plain", s.plain);
    root.read("latency_seconds", s.latency, 1, 60);
    auto rtmp = root.section("rtmp");
    rtmp.read("listen", s.listen);
    rtmp.read("merge_ms", s.merge, 0, 1000);
    rtmp.read("trusted_proxies", s.proxies);
    auto limits = root.section("limits");
    limits.read("handshake", s.handshake, Milliseconds{1000}, hours{1});
    limits.read_size("unsent", s.unsent, 65536, 1 << 30);
    root.section("log").read_choice("level", s.level, {"debug", "info", "warn", "error"});
    for (auto& stream : root.section("stream").sections()) stream.read("publish_key", s.key);
    return s;
}

std::vector<std::string> problems(const Document& document) {
    std::vector<std::string> out;
    for (const auto& p : document.problems()) out.push_back(p.to_string());
    return out;
}
std::vector<std::string> problems_of(std::string_view text) {
    const auto document = Document::parse(text, "relay.toml");
    read(document);
    return problems(document);
}

}  // namespace

TEST_CASE("what is absent keeps its default") {
    const auto document = Document::parse("", "relay.toml");
    const auto s = read(document);
    CHECK(s.listen == Address{"::", 1935});
    CHECK(s.unsent == 4 << 20);
    CHECK(problems(document).empty());
}

TEST_CASE("values are taken over in their units") {
    const auto document = Document::parse(R"(
allow_plain = false
latency_seconds = 12
[rtmp]
listen = "127.0.0.1:0"
merge_ms = 100
trusted_proxies = ["10.0.0.0/8"]
[limits]
handshake = "90s"
unsent = "8MiB"
[log]
level = "debug"
[stream.main]
publish_key = "secret"
)",
                                          "relay.toml");
    const auto s = read(document);
    CHECK(problems(document).empty());
    CHECK_FALSE(s.plain);
    CHECK(s.latency == 12);
    CHECK(s.listen == Address{"127.0.0.1", 0});
    CHECK(s.merge == 100);
    CHECK(s.proxies == std::vector<std::string>{"10.0.0.0/8"});
    CHECK(s.handshake == Milliseconds{90'000});
    CHECK(s.unsent == 8 << 20);
    CHECK(s.level == "debug");
    CHECK(s.key == "secret");
}

TEST_CASE("an unknown key names its line and the nearest known one") {
    CHECK(problems_of("[rtmp]\nlisten = \"[::]:1935\"\nlisen = \"x\"\n") ==
          std::vector<std::string>{"relay.toml:3: unknown key 'lisen' in [rtmp], did you mean 'listen'?"});
    CHECK(problems_of("\n[rtpm]\nlisten = \"\"\n") ==
          std::vector<std::string>{
              "relay.toml:2: unknown section 'rtpm' in the top level, did you mean 'rtmp'?"});
    CHECK(problems_of("zebra = 1\n") ==
          std::vector<std::string>{"relay.toml:1: unknown key 'zebra' in the top level"});
    CHECK(problems_of("[stream.main]\npublish_kay = \"a\"\n") ==
          std::vector<std::string>{
              "relay.toml:2: unknown key 'publish_kay' in [stream.main], did you mean 'publish_key'?"});
}

TEST_CASE("every problem is told, in the order of the file, without the values") {
    const auto found = problems_of(R"([rtmp]
listen = "hunter2"
merge_ms = 5000
trusted_proxies = "all"
[limits]
handshake = "soon"
unsent = -1
[log]
level = "loud"
[stream]
main = 3
)");
    REQUIRE(found.size() == 7);
    CHECK(found[0] ==
          "relay.toml:2: 'rtmp.listen' must be an address like \"[::]:8080\" or \"127.0.0.1:8080\", or \"\" "
          "for off");
    CHECK(found[1] == "relay.toml:3: 'rtmp.merge_ms' must be a whole number from 0 to 1000");
    CHECK(found[5] == "relay.toml:9: 'log.level' must be one of: debug, info, warn, error");
    CHECK(found[6] == "relay.toml:11: 'stream.main' must be a section: [stream.main]");
    for (const auto& line : found) CHECK(line.find("hunter2") == std::string::npos);
}

TEST_CASE("text that is no TOML is one problem with its line") {
    const auto found = problems_of("[rtmp]\nlisten = \n[log]\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].rfind("relay.toml:2: not TOML here", 0) == 0);
    CHECK(problems_of("[[~a]]\n").size() == 1);
    CHECK(problems_of("a = 1\na = 2\n").size() == 1);
}

TEST_CASE("a file that is not there is one problem") {
    const auto document = Document::load("/nonexistent/relay.toml");
    read(document);
    CHECK(problems(document) == std::vector<std::string>{"/nonexistent/relay.toml: the file cannot be read"});
}

TEST_CASE("--set overrides the file and makes sections") {
    auto document = Document::parse("[rtmp]\nlisten = \"[::]:1935\"\nmerge_ms = 10\n", "relay.toml");
    document.set("rtmp.listen=[::1]:0");
    document.set("allow_plain=false");
    document.set("limits.handshake=500ms");
    document.set("limits.handshake=20s");
    document.set("rtmp.trusted_proxies=[\"10.0.0.0/8\"]");
    document.set("stream.main.publish_key=12345=6");
    const auto s = read(document);
    CHECK(problems(document).empty());
    CHECK(s.listen == Address{"::1", 0});
    CHECK(s.merge == 10);
    CHECK_FALSE(s.plain);
    CHECK(s.handshake == Milliseconds{20'000});
    CHECK(s.proxies.size() == 1);
    CHECK(s.key == "12345=6");
}

TEST_CASE("a text given by --set may look like a number or a comment") {
    for (const std::string value : {"12345", "true", "2025-04-16", "a#b", "0x1f", "\"", "a\\b", ""}) {
        auto document = Document::parse("", "relay.toml");
        document.set("stream.main.publish_key=" + value);
        CHECK(read(document).key == value);
        CHECK(problems(document).empty());
    }
}

TEST_CASE("a wrong --set is told by its key, not its value") {
    auto document = Document::parse("", "relay.toml");
    document.set("rtmp.listen=hunter2");
    document.set("rtmp.lissten=hunter2");
    document.set("hunter2");
    document.set("a b=1");
    read(document);
    const auto found = problems(document);
    REQUIRE(found.size() == 4);
    CHECK(found[3] == "--set rtmp.lissten: unknown key 'lissten' in [rtmp], did you mean 'listen'?");
    CHECK(found[2].rfind("--set rtmp.listen: 'rtmp.listen' must be an address", 0) == 0);
}

TEST_CASE("a list of sections is read in order and held to its keys") {
    const auto document =
        Document::parse("[[upstream]]\nurl = \"a\"\n[[upstream]]\nurl = \"b\"\nurk = 1\n", "player.toml");
    std::string urls;
    for (auto& upstream : document.root().list("upstream")) {
        std::string url;
        upstream.read("url", url);
        urls += url;
    }
    CHECK(urls == "ab");
    CHECK(problems(document) ==
          std::vector<std::string>{"player.toml:5: unknown key 'urk' in [upstream[1]], did you mean 'url'?"});
}

TEST_CASE("an owner's own problem stands at its key") {
    const auto document = Document::parse("[tls]\ncertificate = \"x\"\n", "relay.toml");
    auto tls = document.root().section("tls");
    std::string certificate;
    tls.read("certificate", certificate);
    tls.problem("certificate", "needs private_key too");
    CHECK(problems(document) == std::vector<std::string>{"relay.toml:2: needs private_key too"});
}

TEST_CASE("addresses, durations and sizes are read strictly") {
    CHECK(parse_address("[::]:1935") == Address{"::", 1935});
    CHECK(parse_address("localhost:80")->loopback());
    CHECK(parse_address("[::1]:80")->to_string() == "[::1]:80");
    CHECK_FALSE(parse_address("")->enabled());
    for (const auto* bad : {"8080", ":8080", "::1:80", "[::1]", "[::1]:", "[::1]:65536", "1.2.3:80",
                            "host:80", "[1.2.3.4]:80", "1.2.3.4:-1", "1.2.3.4:80 "})
        CHECK_FALSE(parse_address(bad));
    CHECK(parse_duration("8h") == hours{8});
    CHECK(parse_duration("90") == Milliseconds{90'000});
    for (const auto* bad : {"", "h", "-1s", "1.5s", "1 s", "99999999999999999999s", "9223372036854775807d"})
        CHECK_FALSE(parse_duration(bad));
    CHECK(parse_size("64KiB") == 65536U);
    CHECK_FALSE(parse_size("64KB"));
}
