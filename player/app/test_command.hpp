// `tongke-player test`: the live test of the node's own part (scope `node`),
// run by the serving process on the same data folder (CONTRACT.md §2). Blocks.
#pragma once
#include <ostream>
#include <string>

namespace tongke::player {

struct TestCommand {
    std::string data_dir;
    std::string room;  // "" = the node's first
    int minutes = 8;
    bool json = false;
};

/// Exit code: 0 passed, 1 failed (conditional too is a pass), 2 incomplete, 3 could not run.
int run_test(const TestCommand& command, std::ostream& out, std::ostream& err);

}  // namespace tongke::player
