// Addresses to listen on, as configuration writes them: "[::]:1935",
// "0.0.0.0:8080", "127.0.0.1:0". No sockets and no Asio here.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace tongke::net {

enum class Errc { no_port = 1, bad_port, bad_address };
Error make_error_code(Errc code);

struct Endpoint {
    std::string address;  // an IPv6 literal without brackets
    std::uint16_t port = 0;
    bool operator==(const Endpoint&) const = default;
    /// "[::]:1935"
    std::string text() const;
};

Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace tongke::net

template <>
struct boost::system::is_error_code_enum<tongke::net::Errc> : std::true_type {};
