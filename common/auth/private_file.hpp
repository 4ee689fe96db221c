// Files that hold a secret: mode 0600, on disk when the call returns. Throw
// std::runtime_error with path and reason: without its secrets a program does
// not start.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace tongke::auth {

/// Made with `text()` where there is none; of two starters one wins, and both find its text.
void create_private_once(const std::string& path, const std::function<std::string()>& text);
/// Replaces it whole, or leaves it as it was.
void replace_private(const std::string& path, std::string_view text);

/// Random bytes kept in a file of their own (base64url), made at the first call.
Bytes load_or_create_secret(const std::string& path, std::size_t bytes = 32);

}  // namespace tongke::auth
