// Which configuration document a program runs with: the file named on the
// command line, else the system's if it is there, else the defaults.
#pragma once
#include <ostream>
#include <string>
#include <vector>

#include "common/config/config.hpp"

namespace tongke::program {

/// `given`, or `system_file` if it can be read, or "" for the defaults.
std::string config_file(const std::string& given, const char* system_file);

/// The document of `file` ("" = the defaults) with each `section.key=value` of --set applied.
config::Document open_document(const std::string& file, const std::vector<std::string>& assignments);

/// Prints every problem, a line each; false if there was one.
bool is_sound(const config::Document& document, std::ostream& err);
/// The same into the log, for a program that runs.
bool is_sound(const config::Document& document);

}  // namespace tongke::program
