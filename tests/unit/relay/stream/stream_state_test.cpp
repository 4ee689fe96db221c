#include "relay/stream/stream_state.hpp"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

/// A state over a file, as after each start of the relay; `soon` is done at once.
struct Run {
    explicit Run(const std::filesystem::path& path) : file(path) {
        const auto write = [this](const ReservedNumbers& numbers) { REQUIRE(file.raise(numbers)); };
        state.emplace(file.load().value(), StreamState::Disk{write, [write](const auto& numbers, auto done) {
                                                                 write(numbers);
                                                                 done();
                                                             }});
    }
    StateFile file;
    std::optional<StreamState> state;
};

constexpr std::int64_t kNow = 1'744'768'800'000;

}  // namespace

TEST_CASE("the first frame number is unix_ms x 256") {
    test::TemporaryDir dir;
    Run run(dir.path() + "/main.json");
    CHECK(run.state->first_frame(kNow) == kNow * 256);
    CHECK(run.state->take_frame() == kNow * 256);
    CHECK(run.state->take_frame() == kNow * 256 + 1);
}

TEST_CASE("frame numbers rise over a restart even when the clock was set back") {
    test::TemporaryDir dir;
    std::int64_t last = 0;
    {
        Run run(dir.path() + "/main.json");
        run.state->first_frame(kNow);
        for (int i = 0; i < 200'000; ++i) last = run.state->take_frame();
    }
    Run again(dir.path() + "/main.json");
    CHECK(again.state->first_frame(kNow - 86'400'000) > last);
}

TEST_CASE("media sequence numbers go on above the reservation after a restart") {
    test::TemporaryDir dir;
    {
        Run run(dir.path() + "/main.json");
        CHECK_FALSE(run.state->had_earlier_run());
        for (std::int64_t i = 0; i < 20; ++i) CHECK(run.state->take_msn() == i);
    }
    Run again(dir.path() + "/main.json");
    CHECK(again.state->had_earlier_run());
    const auto next = again.state->take_msn();
    CHECK(next >= 20);
    CHECK(next < 20 + 2 * kMsnBlock);
}

TEST_CASE("numbers are on disk before they are used") {
    test::TemporaryDir dir;
    Run run(dir.path() + "/main.json");
    for (int i = 0; i < 100; ++i) {
        const auto used = run.state->take_msn();
        CHECK(StateFile(dir.path() + "/main.json").load()->msn > used);
    }
}

TEST_CASE("TARGETDURATION is kept") {
    test::TemporaryDir dir;
    {
        Run run(dir.path() + "/main.json");
        run.state->set_target_duration(4);
        run.state->take_msn();
    }
    CHECK(Run(dir.path() + "/main.json").state->target_duration() == 4);
}

TEST_CASE("numbers are reserved in the room that the file has: a full disk is no hindrance") {
    test::TemporaryDir dir;
    const auto path = dir.path() + "/main.json";
    StateFile file(path);
    REQUIRE(file.raise({1, 1, {}}));
    const auto files = [&] {
        std::set<std::pair<ino_t, blkcnt_t>> found;
        for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
            struct stat info {};
            REQUIRE(::stat(entry.path().c_str(), &info) == 0);
            found.emplace(info.st_ino, info.st_blocks);
        }
        return found;
    };
    const auto before = files();
    CHECK(before.size() == 2);
    std::int64_t number = 1;
    for (int i = 0; i < 40; ++i) {
        number = number * 3 % 4'000'000'000'000'000'001 + 1;
        REQUIRE(file.raise({number, i, 10}));
        CHECK(files() == before);
        CHECK(StateFile(path).load()->msn == std::max(i, 1));
    }
    // What a crash between two writes leaves of the other file is not read.
    std::ofstream(path + ".new") << "{\"fra";
    CHECK(StateFile(path).load()->msn == 39);
    REQUIRE(file.raise({number, 40, 10}));
    CHECK(StateFile(path).load()->msn == 40);
}

TEST_CASE("a state file that cannot be used is an error, not a fresh start") {
    test::TemporaryDir dir;
    std::ofstream(dir.path() + "/main.json") << "{\"frames\": ";
    CHECK_FALSE(StateFile(dir.path() + "/main.json").load());
    std::ofstream(dir.path() + "/main.json") << "{\"frames\": 1}";
    CHECK_FALSE(StateFile(dir.path() + "/main.json").load());
}
