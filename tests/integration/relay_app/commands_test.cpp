// Exit codes and words of the command line (CONTRACT.md §2).
#include <fstream>
#include <sstream>

#include "common/auth/play_token.hpp"
#include "tests/integration/relay_app/relay_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::test;

namespace {

std::string write(const TemporaryDir& dir, const std::string& text) {
    std::ofstream(dir / "relay.toml") << text;
    return dir / "relay.toml";
}
std::string slurp(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

}  // namespace

TEST_CASE("check-config prints every problem with file and line and exits 78") {
    const TemporaryDir dir;
    const auto file =
        write(dir, "[rtmp]\nlisen = \"[::]:1935\"\n[http]\nlisten = \"nowhere\"\n[log]\nlevel = \"loud\"\n");
    const auto ended = run_relay({"--config", file, "check-config"});
    CHECK(ended.code == 78);
    CHECK(ended.err.find(file + ":2: unknown key 'lisen' in [rtmp], did you mean 'listen'?\n") == 0);
    CHECK(ended.err.find(file + ":4: 'http.listen' must be an address") != std::string::npos);
    CHECK(ended.err.find(file + ":6: 'log.level' must be one of") != std::string::npos);
}

TEST_CASE("serve and every other command refuse a wrong configuration with 78 too") {
    const TemporaryDir dir;
    const auto file = write(dir, "data_dir = 5\n");
    CHECK(run_relay({"--config", file}).code == 78);
    CHECK(run_relay({"--config", file, "audit", "verify"}).code == 78);
    CHECK(run_relay({"--config", dir / "absent.toml", "serve"}).code == 78);
    CHECK(run_relay({"--set", "rtmp.lisen=x", "check-config"}).code == 78);
}

TEST_CASE("a good configuration is called good") {
    const TemporaryDir dir;
    const auto ended = run_relay({"--config", write(dir, "[log]\nlevel = \"warn\"\n"), "check-config"});
    CHECK(ended.code == 0);
    CHECK(ended.err.empty());
}

TEST_CASE("no secret of a wrong configuration is printed") {
    const TemporaryDir dir;
    const auto file = write(
        dir, "[stream.main]\npublish_key = \"hunter2\"\npublish_kei = \"hunter2\"\nmerge_ms = \"hunter2\"\n");
    const auto ended = run_relay({"--config", file, "check-config"});
    CHECK(ended.code == 78);
    CHECK((ended.out + ended.err).find("hunter2") == std::string::npos);
}

TEST_CASE("usage errors end with 64, help and version with 0") {
    CHECK(run_relay({"bogus"}).code == 64);
    CHECK(run_relay({"token", "play"}).code == 64);
    CHECK(run_relay({"--help"}).code == 0);
    CHECK(run_relay({"--version"}).out.find("tongke-relay ") == 0);
}

TEST_CASE("token play prints a token that the key in the data folder signed") {
    const TemporaryDir dir;
    const auto ended = run_relay(
        {"--data-dir", dir / "data", "token", "play", "--stream", "main", "--node", "n-1", "--ttl", "8h"});
    REQUIRE(ended.code == 0);
    const auto key = auth::SigningKey::load(dir / "data/relay-key.pem");
    REQUIRE(key);
    const auto token = ended.out.substr(0, ended.out.size() - 1);
    const auto now = SystemClock{}.wall();
    const auto found =
        auth::PlayTokenVerifier({key->public_key()}).verify(token, "main", now, auth::PlayMoment::join);
    REQUIRE(found);
    CHECK(found->node == "n-1");
    CHECK(found->leave_at - now > std::chrono::hours{7});
    CHECK(found->leave_at - now <= std::chrono::hours{8} + std::chrono::seconds{1});
}

TEST_CASE("audit verify says where the trail is broken and exits 1") {
    const TemporaryDir dir;
    const std::vector<std::string> data{"--data-dir", dir / "data"};
    const auto with = [&](std::vector<std::string> words) {
        words.insert(words.begin(), data.begin(), data.end());
        return words;
    };
    for (const auto* account : {"op1", "op2", "op3"})
        REQUIRE(
            run_relay(with({"account", "set", "--account", account, "--role", "operator", "--name", "值班"}),
                      "pass-word-1\n")
                .code == 0);
    CHECK(run_relay(with({"audit", "verify"})).code == 0);
    auto text = slurp(dir / "data/audit.jsonl");
    REQUIRE(text.find("op2") != std::string::npos);
    text.replace(text.find("op2"), 3, "op9");
    std::ofstream(dir / "data/audit.jsonl") << text;
    const auto ended = run_relay(with({"audit", "verify"}));
    CHECK(ended.code == 1);
    CHECK((ended.out + ended.err).find('2') != std::string::npos);
}
