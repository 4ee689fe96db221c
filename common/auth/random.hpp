// Random identifiers from the kernel's generator (through OpenSSL). Any thread.
// Throws std::runtime_error when no randomness is to be had: nothing may go on then.
#pragma once
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace tongke::auth {

Bytes random_bytes(std::size_t count);
std::string random_hex(std::size_t bytes = 16);    // ids: boots, runs, jti
std::string random_token(std::size_t bytes = 32);  // sessions, keys: base64url

/// A code a person types once: "7KQM-2XWD-9RTH" (59 bits; no 0 1 I L O U).
std::string one_time_code();
/// As typed → as made: upper case, grouped; unknown characters are dropped.
/// Store sha256_hex(normalised) rather than the code.
std::string normalised_code(std::string_view typed);

/// A password for a new account: 4 groups of 4, as easy to read out as a code.
std::string random_password();

}  // namespace tongke::auth
