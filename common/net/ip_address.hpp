// IP addresses and prefixes as plain values, without Asio: who may connect,
// which proxy is trusted, which room a PC sits in. A v4-mapped IPv6 address
// is the IPv4 address it maps. Parsing is strict: no host names, no spaces.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tongke::net {

class IpAddress {
  public:
    /// "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "::ffff:192.0.2.1", "fe80::1%eth0".
    static std::optional<IpAddress> parse(std::string_view text);
    static IpAddress v4(const std::array<std::uint8_t, 4>& bytes);
    static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);

    bool is_v4() const { return v4_; }
    bool is_loopback() const;
    /// Loopback, RFC 1918, RFC 4193, link-local, RFC 6598 (carrier NAT).
    bool is_private() const;
    std::string text() const;

    bool operator==(const IpAddress&) const = default;

  private:
    friend class IpPrefix;
    std::array<std::uint8_t, 16> bytes_{};  // v4 in the first four
    bool v4_ = false;
};

class IpPrefix {
  public:
    /// "192.168.0.0/16", "2001:db8::/32", or one address.
    static std::optional<IpPrefix> parse(std::string_view text);
    IpPrefix(IpAddress address, int length);

    bool contains(const IpAddress& address) const;
    std::string text() const;
    bool operator==(const IpPrefix&) const = default;

  private:
    IpAddress address_;
    int length_ = 0;
};

bool contains(const std::vector<IpPrefix>& prefixes, const IpAddress& address);
/// The prefixes of this machine's own interfaces, loopback included (CONTRACT.md §6, Venue).
std::vector<IpPrefix> own_prefixes();

}  // namespace tongke::net
