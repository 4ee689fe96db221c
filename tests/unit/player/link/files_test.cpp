#include "player/link/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {

unsigned mode_of(const std::string& path) {
    struct stat is {};
    REQUIRE(::lstat(path.c_str(), &is) == 0);
    return is.st_mode & 07777;
}

}  // namespace

TEST_CASE("a new file is its owner's alone") {
    test::TemporaryDir dir;
    const auto path = dir.path() + "/secret";
    REQUIRE(write_whole(path, "one"));
    CHECK(mode_of(path) == 0600);
    CHECK(read_whole(path) == "one");
}

TEST_CASE("a file that is rewritten keeps its mode, and the link to it stays a link") {
    test::TemporaryDir dir;
    const auto path = dir.path() + "/player.toml", link = dir.path() + "/link";
    REQUIRE(write_whole(path, "one"));
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    REQUIRE(::symlink(path.c_str(), link.c_str()) == 0);
    REQUIRE(rewrite(link, "two"));
    CHECK(read_whole(path) == "two");
    CHECK(mode_of(path) == 0644);
    CHECK(std::filesystem::is_symlink(link));
}

TEST_CASE("what is not there cannot be rewritten") {
    test::TemporaryDir dir;
    CHECK_FALSE(rewrite(dir.path() + "/none", "x"));
    CHECK_FALSE(std::filesystem::exists(dir.path() + "/none"));
}
