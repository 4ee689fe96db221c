#include "relay/app/config.hpp"

#include <algorithm>
#include <iterator>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

std::vector<std::string> problems_of(std::string_view text) {
    const auto document = config::Document::parse(text, "relay.toml");
    read_config(document);
    std::vector<std::string> out;
    for (const auto& problem : document.problems()) out.push_back(problem.to_string());
    return out;
}

}  // namespace

TEST_CASE("the shipped configuration shows the defaults that are in the code") {
    const auto document = config::Document::load(TONGKE_CONFIG_DIR "/relay.toml");
    auto shipped = read_config(document);
    for (const auto& problem : document.problems()) FAIL_CHECK(problem.to_string());
    // The test channel brings its stream with it.
    CHECK(shipped.streams == std::vector<StreamConfig>{{"main", "", "", {}}, {"test", "", "", {}}});
    shipped.streams.clear();
    CHECK(shipped == RelayConfig{});
}

TEST_CASE("the shipped configuration shows every key that is known") {
    const auto shipped = config::Document::load(TONGKE_CONFIG_DIR "/relay.toml");
    (void)read_config(shipped);
    std::vector<std::string> hidden;
    const auto known = shipped.known_keys(), present = shipped.present_keys();
    std::set_difference(known.begin(), known.end(), present.begin(), present.end(),
                        std::back_inserter(hidden));
    // The settings are shown in [stream_defaults].
    std::erase_if(hidden, [](const auto& key) { return key.rfind("stream.main.", 0) == 0; });
    CHECK(hidden.empty());
    CHECK(known.size() > 30);
}

TEST_CASE("a stream takes its settings over the defaults over the code's") {
    const auto document = config::Document::parse(R"([stream.main]
publish_key = "k"
grace_seconds = 5
[stream_defaults]
grace_seconds = 7
merge_ms = 40
[stream.test]
)",
                                                  "relay.toml");
    const auto c = read_config(document);
    CHECK(document.problems().empty());
    CHECK(c.stream("main")->publish_key == "k");
    CHECK(c.stream("main")->settings.grace_seconds == 5);
    CHECK(c.stream("main")->settings.merge_ms == 40);
    CHECK(c.stream("test")->settings.grace_seconds == 7);
    CHECK(c.stream("test")->settings.keep_seconds == 120);
    CHECK(c.stream("other") == nullptr);
}

TEST_CASE("what does not fit together is told at its line") {
    CHECK(
        problems_of("[tls]\ncertificate = \"/nonexistent.pem\"\n") ==
        std::vector<std::string>{"relay.toml:2: certificate and private_key go together: set both or none",
                                 "relay.toml:2: the file of 'certificate' cannot be read: /nonexistent.pem"});
    CHECK(problems_of("[http]\nlisten = \"127.0.0.1:1935\"\n") ==
          std::vector<std::string>{"relay.toml:2: http.listen and rtmp.listen are the same"});
    CHECK(problems_of("[http]\ntrusted_proxies = [\"everyone\"]\n").size() == 1);
    CHECK(problems_of("[stream_defaults]\nsegment_seconds = 5\nwindow_seconds = 10\n").size() == 1);
    CHECK(problems_of("[stream.\"a/b\"]\n").size() == 1);
}

TEST_CASE("the backup key must be another one") {
    CHECK(problems_of("[stream.main]\npublish_key = \"a\"\nbackup_key = \"a\"\n").size() == 1);
    CHECK(problems_of("[stream.main]\npublish_key = \"a\"\nbackup_key = \"b\"\n").empty());
}

TEST_CASE("a stream that is pulled from another relay") {
    const auto document = config::Document::parse(
        "[stream.main]\nupstream = [\"rtmp://a:1935/?token=x.y.z\", \"https://b\"]\n", "relay.toml");
    const auto c = read_config(document);
    CHECK(document.problems().empty());
    CHECK(c.stream("main")->upstream ==
          std::vector<UpstreamAddress>{{"rtmp://a:1935", "x.y.z"}, {"https://b", ""}});
    for (const auto* bad :
         {"b", "ftp://b", "rtmp://", "rtmp://b/live/main", "https://b/hls", "https://b?key=x"}) {
        INFO(bad);
        CHECK(problems_of("[stream.main]\nupstream = [\"" + std::string(bad) + "\"]\n").size() == 1);
    }
    CHECK(problems_of("[stream.main]\npublish_key = \"k\"\nupstream = [\"rtmp://a\"]\n").size() == 1);
    CHECK(problems_of("[stream.main]\nupstream = [\"rtmp://a\"]\nupstream_token_file = \"/none\"\n").size() ==
          1);
    CHECK(problems_of("[stream.test]\nupstream = [\"rtmp://a\"]\n").size() == 1);
    CHECK(problems_of("[test_channel]\nenabled = false\n[stream.test]\nupstream = [\"rtmp://a\"]\n").empty());
}

TEST_CASE("a slate that cannot be shown is told before the lesson") {
    CHECK(problems_of("[stream_defaults]\nslate = \"off\"\n").empty());
    CHECK(problems_of("[stream_defaults]\nslate = \"\"\n").empty());
    CHECK(problems_of("[stream.main]\nslate = true\n").size() == 1);
    CHECK(problems_of("[stream.main]\nslate = \"/nonexistent.png\"\n").size() == 1);
    const std::string no_picture = std::string{TONGKE_TESTS_DIR} + "/support/media.mjs";
    CHECK(problems_of("[stream.main]\nslate = \"" + no_picture + "\"\n").size() == 1);
}

TEST_CASE("a stream's name is safe as a file name and in an address") {
    for (const auto* good : {"main", "test", "a.b-c_D9", "x"}) CHECK(good_stream_name(good));
    for (const auto* bad : {"", ".", "..", "../x", "a/b", "主课堂", "a b", "a%2e", "a\n"})
        CHECK_FALSE(good_stream_name(bad));
    CHECK_FALSE(good_stream_name(std::string(65, 'a')));
    CHECK_FALSE(good_stream_name(std::string_view{"a\0b", 3}));
}

TEST_CASE("without a test channel of the relay's own the test stream is there only when it is asked for") {
    const auto streams = [](std::string_view text) {
        const auto document = config::Document::parse(text, "relay.toml");
        const auto c = read_config(document);
        CHECK(document.problems().empty());
        std::vector<std::string> names;
        for (const auto& stream : c.streams) names.push_back(stream.name);
        return names;
    };
    CHECK(streams("[test_channel]\nenabled = false\n").empty());
    CHECK(streams("") == std::vector<std::string>{"test"});
    CHECK(streams("test_stream = \"rehearsal\"\n[stream.main]\n") ==
          std::vector<std::string>{"main", "rehearsal"});
    CHECK(streams("[stream.test]\npublish_key = \"k\"\n") == std::vector<std::string>{"test"});
}

TEST_CASE("the test channel needs a stream of its own with a good name") {
    CHECK(problems_of("test_stream = \"main\"\n[stream.main]\n").size() == 1);
    CHECK(problems_of("test_stream = \"a/b\"\n").size() == 1);
    CHECK(problems_of("test_stream = \"main\"\n[stream.main]\n[test_channel]\nenabled = false\n").empty());
    CHECK(problems_of("[test_channel]\nbitrate_kbps = 1\n").size() == 1);
}
