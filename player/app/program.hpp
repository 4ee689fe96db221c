// tongke-player from its command line to its exit code.
#pragma once

namespace tongke::player {

int run_program(int argc, const char* const* argv);

}  // namespace tongke::player
