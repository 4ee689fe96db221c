// Start, stop and reload of the real program (CONTRACT.md §2).
#include <signal.h>

#include <fstream>

#include "tests/integration/relay_app/relay_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke::test;

TEST_CASE("serve on an empty folder makes what it needs, is ready, and stops cleanly") {
    const int number = GENERATE(SIGTERM, SIGINT);
    const TemporaryDir dir;
    RunningRelay relay(dir.path());
    CHECK(http_get(relay.http_port(), "/healthz").find("HTTP/1.1 200") == 0);
    CHECK(http_get(relay.http_port(), "/readyz").find("HTTP/1.1 200") == 0);
    CHECK(http_get(relay.http_port(), "/metrics").find("tongke_stream_publisher_up{stream=\"main\"} 0") !=
          std::string::npos);
    CHECK(http_get(relay.http_port(), "/").find("<!doctype html>") != std::string::npos);
    relay.process().signal(number);
    CHECK(relay.process().wait(std::chrono::seconds{10}) == 0);
}

TEST_CASE("open connections do not hold up a stop") {
    const TemporaryDir dir;
    RunningRelay relay(dir.path());
    const auto token = run_relay(relay.beside({"token", "play", "--stream", "main", "--node", "n"})).out;
    const Connection silent_rtmp(relay.rtmp_port());
    const Connection half_handshake(relay.rtmp_port(), std::string("\x03", 1) + std::string(100, 'x'));
    const Connection silent_http(relay.http_port());
    const Connection half_request(relay.http_port(), "GET /hls/main/live.m3u8 HT");
    const Connection idle(relay.http_port(), "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    relay.process().signal(SIGTERM);
    CHECK(relay.process().wait(std::chrono::seconds{10}) == 0);
}

TEST_CASE("a token made beside a running relay is taken at once") {
    const TemporaryDir dir;
    RunningRelay relay(dir.path());
    const auto ended = run_relay(relay.beside({"token", "play", "--stream", "main", "--node", "n"}));
    REQUIRE(ended.code == 0);
    const auto bearer = "Authorization: Bearer " + ended.out.substr(0, ended.out.size() - 1) + "\r\n";
    CHECK(http_get(relay.http_port(), "/hls/main/index.m3u8").find("HTTP/1.1 401") == 0);
    // Nothing is published: 503, with a time to come back.
    const auto answer = http_get(relay.http_port(), "/hls/main/index.m3u8", bearer);
    CHECK(answer.find("HTTP/1.1 503") == 0);
    CHECK(answer.find("Retry-After: ") != std::string::npos);
}

TEST_CASE("a second serve on the same folder ends with words, the first goes on") {
    const TemporaryDir dir;
    RunningRelay relay(dir.path());
    const auto second = run_relay(relay.beside({"serve"}));
    CHECK(second.code == 1);
    CHECK(second.err.find("another tongke-relay serves from " + dir.path()) != std::string::npos);
    CHECK(http_get(relay.http_port(), "/readyz").find("HTTP/1.1 200") == 0);
}

TEST_CASE("a port that is taken is named") {
    const TemporaryDir dir, other;
    RunningRelay relay(dir.path());
    const auto taken = "127.0.0.1:" + std::to_string(relay.http_port());
    const auto second =
        run_relay({"--data-dir", other / "data", "--set", "rtmp.listen=", "--set", "http.listen=" + taken});
    CHECK(second.code == 1);
    CHECK(second.err.find(taken) != std::string::npos);
}

TEST_CASE("a damaged signing key ends the start and is not replaced") {
    const TemporaryDir dir;
    std::filesystem::create_directory(dir / "data");
    std::ofstream(dir / "data/relay-key.pem") << "not a key";
    const auto ended =
        run_relay({"--data-dir", dir / "data", "--set", "rtmp.listen=", "--set", "http.listen=127.0.0.1:0"});
    CHECK(ended.code == 1);
    CHECK(ended.err.find("relay-key.pem") != std::string::npos);
}

TEST_CASE("a relay killed with -9 starts again on its folder with the same key") {
    const TemporaryDir dir;
    std::string token;
    {
        RunningRelay relay(dir.path());
        token = run_relay(relay.beside({"token", "play", "--stream", "main", "--node", "n"})).out;
        relay.process().signal(SIGKILL);
        CHECK(relay.process().wait() == -SIGKILL);
    }
    RunningRelay again(dir.path());
    const auto bearer = "Authorization: Bearer " + token.substr(0, token.size() - 1) + "\r\n";
    CHECK(http_get(again.http_port(), "/hls/main/index.m3u8", bearer).find("HTTP/1.1 503") == 0);
    CHECK(run_relay(again.beside({"audit", "verify"})).code == 0);
}

TEST_CASE("SIGHUP takes the new log level and file; a wrong file changes nothing") {
    const TemporaryDir dir;
    RunningRelay relay(dir.path());
    const auto file = RunningRelay::config_file(dir.path());
    std::ofstream(file, std::ios::app) << "[nonsense]\n";
    relay.process().signal(SIGHUP);
    relay.process().wait_for("reload: the configuration has problems");
    CHECK(http_get(relay.http_port(), "/healthz").find("HTTP/1.1 200") == 0);

    std::ofstream(file) << "[log]\nfile = \"" << dir.path() << "\"\n";  // a folder
    relay.process().signal(SIGHUP);
    relay.process().wait_for("the old one stays");
    CHECK(http_get(relay.http_port(), "/healthz").find("HTTP/1.1 200") == 0);

    std::ofstream(file) << "data_dir = \"" << dir / "data"
                        << "\"\n[log]\nfile = \"" << dir / "relay.log"
                        << "\"\n";
    relay.process().signal(SIGHUP);
    relay.process().wait_for("reloading");
    relay.process().signal(SIGTERM);
    CHECK(relay.process().wait(std::chrono::seconds{10}) == 0);
    std::string text;
    std::getline(std::ifstream(dir / "relay.log"), text, '\0');
    CHECK(text.find("stopped") != std::string::npos);
    CHECK(relay.process().err().find("stopped") == std::string::npos);
}
