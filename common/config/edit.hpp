// Changes one value of a configuration file as its owner would by hand: all
// else stays as it was, comments and line ends too. Start-up code, one thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tongke::config {

/// `text` with [section] key = "value". None where `text` is no TOML, or where the key cannot be put there
/// without changing anything else.
std::optional<std::string> with_text(std::string_view text, std::string_view section, std::string_view key,
                                     std::string_view value);

}  // namespace tongke::config
