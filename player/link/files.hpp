// Small files that must be whole or absent: written beside, synced, renamed.
// Any thread; blocks on the disk.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace tongke::player {

/// Mode 0600. The error is errno's.
Result<void> write_whole(const std::string& path, std::string_view content);
/// A file that is there already: its mode and owner stay, and a symbolic link still points to it.
Result<void> rewrite(const std::string& path, std::string_view content);
/// Empty when the file is absent, unreadable or larger than `most` bytes.
std::optional<std::string> read_whole(const std::string& path, std::size_t most = 16u << 20);

}  // namespace tongke::player
