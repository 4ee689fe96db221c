#include "player/telemetry/segment_log.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::telemetry;
using tongke::test::TemporaryDir;

namespace {

std::vector<std::string> texts(const SegmentLog::Loaded& loaded) {
    std::vector<std::string> all;
    for (const auto& r : loaded.records) all.push_back(r.text);
    return all;
}

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string whole_log(const TemporaryDir& dir) {
    SegmentLog log(dir.path(), {});
    REQUIRE(log.open());
    REQUIRE(log.append({"first", "second", "third"}));
    return contents(dir / "0000000001.log");
}

}  // namespace

TEST_CASE("what was appended is read again in order") {
    TemporaryDir dir;
    whole_log(dir);
    SegmentLog again(dir.path(), {});
    const auto loaded = again.open();
    REQUIRE(loaded);
    CHECK(texts(*loaded) == std::vector<std::string>{"first", "second", "third"});
    CHECK(loaded->torn == 0);
}

TEST_CASE("a log cut at any byte keeps every whole record, drops the torn one and goes on cleanly") {
    TemporaryDir reference;
    const auto whole = whole_log(reference);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        TemporaryDir dir;
        write_file(dir / "0000000001.log", whole.substr(0, cut));
        SegmentLog log(dir.path(), {});
        const auto loaded = log.open();
        REQUIRE(loaded);
        const auto kept =
            static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<long>(cut), '\n'));
        INFO("cut at " << cut);
        REQUIRE(loaded->records.size() == kept);
        REQUIRE(loaded->corrupt == 0);
        REQUIRE(log.append({"after"}));
        SegmentLog again(dir.path(), {});
        const auto reloaded = again.open();
        REQUIRE(reloaded);
        REQUIRE(reloaded->records.size() == kept + 1);
        REQUIRE(reloaded->records.back().text == "after");
    }
}

TEST_CASE("a flipped bit loses its own record only, and is counted") {
    TemporaryDir reference;
    const auto whole = whole_log(reference);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        if (whole[at] == '\n') continue;
        auto damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x01);
        if (damaged[at] == '\n') continue;
        TemporaryDir dir;
        write_file(dir / "0000000001.log", damaged);
        SegmentLog log(dir.path(), {});
        const auto loaded = log.open();
        INFO("byte " << at);
        REQUIRE(loaded->records.size() == 2);
        REQUIRE(loaded->corrupt == 1);
    }
}

TEST_CASE("a writer killed by signal 9 leaves every record it was told is stored") {
    TemporaryDir dir;
    int pipes[2];
    REQUIRE(::pipe(pipes) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        SegmentLog log(dir.path(), {.file_bytes = 4096});
        if (!log.open()) ::_exit(1);
        for (std::uint32_t i = 0;; ++i) {
            if (!log.append({"record " + std::to_string(i)})) ::_exit(2);
            if (::write(pipes[1], &i, sizeof i) != sizeof i) ::_exit(3);
        }
    }
    std::uint32_t told = 0;
    while (told < 200) REQUIRE(::read(pipes[0], &told, sizeof told) == sizeof told);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipes[1]);
    for (std::uint32_t more; ::read(pipes[0], &more, sizeof more) == sizeof more;) told = more;
    ::close(pipes[0]);
    SegmentLog log(dir.path(), {.file_bytes = 4096});
    const auto loaded = log.open();
    REQUIRE(loaded);
    REQUIRE(loaded->records.size() > told);
    for (std::uint32_t i = 0; i <= told; ++i)
        REQUIRE(loaded->records[i].text == "record " + std::to_string(i));
}

TEST_CASE("a full disk refuses the record and keeps all before it") {
    TemporaryDir dir;
    SegmentLog log(dir.path(), {});
    REQUIRE(log.open());
    REQUIRE(log.append({"stored"}));
    // The limit stands for the full disk: writes beyond it fail with EFBIG, half-written first.
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{40, 40};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto refused = !log.append({std::string(1000, 'x')});
        ::_exit(refused ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
    SegmentLog again(dir.path(), {});
    const auto loaded = again.open();
    CHECK(texts(*loaded) == std::vector<std::string>{"stored"});
    CHECK(loaded->torn == 0);
}

TEST_CASE("files are begun by size and dropped whole, never the newest") {
    TemporaryDir dir;
    SegmentLog log(dir.path(), {.file_bytes = 64});
    REQUIRE(log.open());
    for (int i = 0; i < 10; ++i) REQUIRE(log.append({std::string(60, 'a')}));
    log.drop_below(1000);
    SegmentLog again(dir.path(), {.file_bytes = 64});
    CHECK(again.open()->records.size() == 1);
}

TEST_CASE("a record with a newline is refused") {
    TemporaryDir dir;
    SegmentLog log(dir.path(), {});
    REQUIRE(log.open());
    CHECK(log.append({"two\nlines"}).error() == SpoolError::bad_record);
}
