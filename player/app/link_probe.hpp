// Measures the link relay → node during a live test (QOE.md §5): fetches one
// stored segment again, over HLS whatever the transport of the pull, and counts
// what else came over the link meanwhile: on a shared uplink that is its rate.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/http/client.hpp"
#include "player/control/live_tests.hpp"

namespace tongke::player {

struct ProbeTarget {
    std::string base_url, path, token;
};

/// The pull's own address when it is HLS, else the relay's.
std::string http_base(const std::string& upstream_url, const std::string& relay_url);

/// `other_bytes`: received so far by everything else on this link.
void probe_link(http::Client& client, const ProbeTarget& target, std::function<std::uint64_t()> other_bytes,
                std::function<void(std::optional<LinkProbe>)> done);

}  // namespace tongke::player
