// How many files and sockets a program may have open.
#pragma once
#include <cstdint>

namespace tongke::program {

/// Raises the soft limit of open files to the hard one: a thousand idle sockets must not keep a program
/// from writing its files. Returns what it is then.
std::uint64_t raise_file_limit();

}  // namespace tongke::program
