// Values with a form of their own in configuration files.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/time/clock.hpp"

namespace tongke::config {

/// Where to listen: "[::]:1935", "127.0.0.1:8080", "localhost:0"; "" = off.
struct Address {
    std::string host;  // numeric, without brackets; "" = off
    std::uint16_t port = 0;

    bool enabled() const { return !host.empty(); }
    bool loopback() const;
    bool any() const { return host == "::" || host == "0.0.0.0"; }
    std::string to_string() const;
    friend bool operator==(const Address&, const Address&) = default;
};

std::optional<Address> parse_address(std::string_view text);        // "" → off
std::optional<Milliseconds> parse_duration(std::string_view text);  // "8h", "500ms", "90" (seconds)
std::optional<std::uint64_t> parse_size(std::string_view text);     // "4MiB", "65536"

}  // namespace tongke::config
