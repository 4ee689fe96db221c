#include "common/net/endpoint.hpp"

#include <fmt/core.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "common/base/error_category.hpp"

namespace tongke::net {
namespace {

const char* words(Errc error) {
    switch (error) {
        case Errc::no_port: return "an address to listen on is written as [::]:1935 or 0.0.0.0:1935";
        case Errc::bad_port: return "the port of an address is a number from 0 to 65535";
        case Errc::bad_address: return "the address before the port is not an IPv4 or [IPv6] address";
    }
    return nullptr;
}

}  // namespace

Error make_error_code(Errc code) {
    static const ErrorCategory<Errc> category{"endpoint", words};
    return {static_cast<int>(code), category};
}

std::string Endpoint::text() const {
    const bool v6 = address.find(':') != std::string::npos;
    return v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return Errc::no_port;
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return Errc::bad_port;
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    boost::system::error_code not_an_address;
    const auto address = boost::asio::ip::make_address(std::string(host), not_an_address);
    if (not_an_address || address.is_v6() != bracketed) return Errc::bad_address;
    return Endpoint{std::string(host), port};
}

}  // namespace tongke::net
