// The four digits on the test channel's picture (QOE.md 5, human proof): the
// same for all rooms, new every 20 s, made of the debug windows' secret and the
// time. RFC 6238 with SHA-256, 20 s steps and four digits. Pure; any thread.
#pragma once
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/time/clock.hpp"

namespace tongke::auth {

inline constexpr std::chrono::seconds kProofStep{20};

/// What is shown at `at`; "" before 1970.
std::string proof_digits(ByteView secret, WallTime at);

/// The secret of the debug windows of a day ("2025-04-16", Asia/Shanghai), from the relay's own: of a day,
/// because windows of several counties may overlap and all see one picture.
Bytes proof_secret(ByteView channel_key, std::string_view day);

}  // namespace tongke::auth
