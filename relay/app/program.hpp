// The program tongke-relay: command line in, exit code out (CONTRACT.md §2).
#pragma once

namespace tongke::relay {

int run_program(int argc, const char* const* argv);

}  // namespace tongke::relay
