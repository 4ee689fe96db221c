// SHA-256, base64url and comparisons that do not leak by time. Pure; any thread.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace tongke::auth {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(ByteView bytes);
std::string sha256_hex(std::string_view text);

std::string to_hex(ByteView bytes);
/// RFC 4648 §5 without padding. Decoding is strict: no padding, no other
/// characters, no stray bits; empty on failure.
std::string base64url(ByteView bytes);
std::optional<Bytes> from_base64url(std::string_view text);

/// True when equal; the time depends on the lengths only.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace tongke::auth
