// The four digits on the test channel's picture (QOE.md 5, human proof): the
// same for all rooms, new every 20 s, made of a debug window's secret and the
// time. RFC 6238 with SHA-256, 20 s steps and four digits. Pure; any thread.
#pragma once
#include <string>

#include "common/base/bytes.hpp"
#include "common/time/clock.hpp"

namespace tongke::auth {

inline constexpr std::chrono::seconds kProofStep{20};

/// What is shown at `at`; "" before 1970.
std::string proof_digits(ByteView secret, WallTime at);

/// The secret of the window that begins then, from the relay's own.
Bytes proof_secret(ByteView channel_key, WallTime window_begin);

}  // namespace tongke::auth
