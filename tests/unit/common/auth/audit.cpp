#include "common/auth/audit.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/unit/common/auth/temporary.hpp"

using namespace tongke;
using namespace tongke::auth;

namespace {

const WallTime kTen = from_unix_ms(1'744'768'800'000);

std::string trail(int records) {
    auto head = audit_genesis();
    std::string text;
    for (int i = 0; i < records; ++i)
        text += audit_line(head, kTen, {"op\"1", "login", "房间 " + std::to_string(i), "ok", "line\nbreak"}) +
                '\n';
    return text;
}
AuditCheck check(const std::string& text) {
    std::istringstream in(text);
    return audit_check(in);
}
std::string slurp(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}
void append(const std::string& path, int records) {
    AuditFile file(path);
    for (int i = 0; i < records; ++i) file.append(kTen, {"t", "playback.start", "510113-02", "ok", ""});
}

}  // namespace

TEST_CASE("an untouched trail is whole") {
    const auto found = check(trail(5));
    CHECK(found.whole);
    CHECK(found.records == 5);
    CHECK(found.head.seq == 5);
    CHECK(check("").whole);
}

TEST_CASE("a changed record is found where it is") {
    auto text = trail(5);
    text.replace(text.find("房间 2"), 8, "房间 9");
    const auto found = check(text);
    CHECK_FALSE(found.whole);
    CHECK(found.line == 3);
    CHECK(found.problem == "the record was changed: its hash does not match");
}

TEST_CASE("a removed, swapped or torn record is found") {
    const auto text = trail(4);
    const auto second = text.find('\n') + 1;
    const auto third = text.find('\n', second) + 1;
    CHECK(check(text.substr(0, second) + text.substr(third)).line == 2);
    CHECK(check(text.substr(second)).line == 1);
    CHECK(check(text.substr(0, text.size() - 10)).line == 4);
    CHECK(check(text + "x").line == 5);
    CHECK(check(text + "{}\n").line == 5);
}

TEST_CASE("a record rewritten with its hash breaks the next one") {
    const auto text = trail(3);
    auto head = audit_genesis();
    const auto changed = audit_line(head, kTen, {"nobody", "login", "", "ok", ""}) + '\n';
    CHECK(check(changed + text.substr(text.find('\n') + 1)).line == 2);
}

TEST_CASE("an audit file goes on after it was closed") {
    const Temporary dir;
    const auto path = dir.file("audit.jsonl");
    append(path, 3);
    append(path, 2);
    const auto found = AuditFile::verify(path);
    CHECK(found.whole);
    CHECK(found.records == 5);
}

TEST_CASE("a line torn by a kill is set aside and recorded") {
    const Temporary dir;
    const auto path = dir.file("audit.jsonl");
    append(path, 2);
    std::ofstream(path, std::ios::app) << R"({"seq":3,"time":"2025)";
    CHECK_FALSE(AuditFile::verify(path).whole);
    append(path, 1);
    const auto found = AuditFile::verify(path);
    CHECK(found.whole);
    CHECK(found.records == 4);
    CHECK(slurp(path).find("audit.recovered") != std::string::npos);
}

TEST_CASE("a trail whose end was cut off is broken") {
    const Temporary dir;
    const auto path = dir.file("audit.jsonl");
    append(path, 3);
    const auto text = slurp(path);
    std::ofstream(path, std::ios::trunc) << text.substr(0, text.rfind("{\"seq\":3"));
    const auto found = AuditFile::verify(path);
    CHECK_FALSE(found.whole);
    CHECK(found.line == 3);
    CHECK(found.problem == "1 record(s) are missing at the end");
}

TEST_CASE("two processes write one whole trail") {
    const Temporary dir;
    const auto path = dir.file("audit.jsonl");
    const auto child = fork();
    if (child == 0) {
        append(path, 50);
        _exit(0);
    }
    append(path, 50);
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    const auto found = AuditFile::verify(path);
    CHECK(found.whole);
    CHECK(found.records == 100);
}

TEST_CASE("overlong text is cut, not refused") {
    const Temporary dir;
    const auto path = dir.file("audit.jsonl");
    {
        AuditFile file(path);
        file.append(kTen, {std::string(100'000, '\x01'), "x", std::string(100'000, '\xff'), "ok", ""});
        file.append(kTen, {"t", "x", "", "ok", ""});
    }
    CHECK(AuditFile::verify(path).records == 2);
}

TEST_CASE("rare characters survive and broken ones become question marks") {
    auto head = audit_genesis();
    const auto line =
        audit_line(head, kTen, {"㛃䶮𬱖𠅤", "x", "a\xc0\x80z\xed\xa0\x80\xe4\xbd", "ok", ""});
    CHECK(line.find("㛃䶮𬱖𠅤") != std::string::npos);
    CHECK(line.find("\"a??z?????\"") != std::string::npos);
    CHECK(check(line + '\n').whole);
}
