// Passwords are kept as scrypt$N$r$p$salt$hash (salt and hash base64url) and
// compared in constant time. One check costs tens of milliseconds and 16–32 MB:
// run it where it blocks nobody's media.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/auth/error.hpp"

namespace tongke::auth {

struct ScryptCost {
    std::uint64_t n = 1 << 15;
    std::uint32_t r = 8;
    std::uint32_t p = 1;
};

std::string hash_password(std::string_view password, ScryptCost cost = {});

/// bad_password_hash when `stored` is not such a text or asks for more than 128 MB.
Result<bool> verify_password(std::string_view password, std::string_view stored);

/// Spends the time of a check for an account that does not exist; always false.
bool verify_nobody(std::string_view password);

/// "" when acceptable, else one Chinese sentence (X04: 8 to 128 characters, at least
/// two of letters, digits, others; not the account's name).
std::string password_complaint(std::string_view password, std::string_view account);

}  // namespace tongke::auth
