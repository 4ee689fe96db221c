// How many files and sockets a program may have open.
#pragma once

namespace tongke::program {

/// Raises the soft limit of open files to the hard one: a thousand idle sockets must not keep a program
/// from writing its files.
void raise_file_limit();

}  // namespace tongke::program
