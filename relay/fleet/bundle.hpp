// The county bundle: everything a node must know to let its classrooms play
// without asking (DESIGN.md §2.4). Pure: roster and schedule in, JSON out.
#pragma once
#include <string>
#include <vector>

#include "common/auth/key.hpp"
#include "common/time/clock.hpp"
#include "relay/roster/roster.hpp"
#include "relay/schedule/slot.hpp"

namespace tongke::relay {

struct BundleConfig {
    std::string lesson_stream = "main", test_stream = "test", help_phone;
    Milliseconds validity = std::chrono::hours{7 * 24};
    Milliseconds telemetry_window = std::chrono::seconds{5};
};

struct BundleStamp {
    std::int64_t version = 1;
    WallTime issued{}, valid_until{};
};

/// The members that make a new version when they change (no stamp, no tokens), without braces.
std::string bundle_content(const BundleConfig& config, const std::string& node, const std::string& county,
                           const Roster& roster, const std::vector<Slot>& schedule, WallTime now);

/// The JWS a node gets: stamp, content and play tokens, signed by the relay.
std::string sign_bundle(const BundleConfig& config, const std::string& node, const std::string& content,
                        const BundleStamp& stamp, const auth::SigningKey& key);

}  // namespace tongke::relay
