#include "common/config/values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace tongke::config {
namespace {

bool numeric_host(const std::string& host) {
    std::array<unsigned char, 16> bytes{};
    return inet_pton(host.find(':') == std::string::npos ? AF_INET : AF_INET6, host.c_str(), bytes.data()) ==
           1;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// "12unit" → 12 × factor; no sign, no fraction, no overflow.
template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const std::array<Unit, N>& units) {
    std::uint64_t count = 0;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{}) return std::nullopt;
    for (const auto& unit : units) {
        if (std::string_view(stop, static_cast<std::size_t>(end - stop)) != unit.name) continue;
        if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.factor)
            return std::nullopt;
        return count * unit.factor;
    }
    return std::nullopt;
}

}  // namespace

bool Address::loopback() const { return host == "::1" || host.rfind("127.", 0) == 0; }

std::string Address::to_string() const {
    if (!enabled()) return {};
    const bool v6 = host.find(':') != std::string::npos;
    return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::optional<Address> parse_address(std::string_view text) {
    if (text.empty()) return Address{};
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    Address out;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if ((host.find(':') != std::string_view::npos) != bracketed) return std::nullopt;
    out.host = host == "localhost" ? "127.0.0.1" : std::string(host);
    if (!numeric_host(out.host)) return std::nullopt;
    return out;
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
    constexpr std::array<Unit, 6> kUnits{
        {{"ms", 1}, {"", 1000}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
    const auto ms = scaled(text, kUnits);
    if (!ms) return std::nullopt;
    return Milliseconds{static_cast<std::int64_t>(*ms)};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    constexpr std::array<Unit, 5> kUnits{
        {{"", 1}, {"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};
    return scaled(text, kUnits);
}

}  // namespace tongke::config
