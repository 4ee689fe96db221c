#include "common/net/ip_address.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <memory>

namespace tongke::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedV4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

const std::vector<IpPrefix>& private_prefixes() {
    static const auto list = [] {
        std::vector<IpPrefix> prefixes;
        for (const auto* text : {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                 "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"})
            prefixes.push_back(*IpPrefix::parse(text));
        return prefixes;
    }();
    return list;
}

std::optional<IpPrefix> interface_prefix(const sockaddr* address, const sockaddr* mask) {
    const auto ones = [](const std::uint8_t* bytes, std::size_t count) {
        int total = 0;
        for (std::size_t i = 0; i < count; ++i) total += std::popcount(bytes[i]);
        return total;
    };
    if (address->sa_family == AF_INET) {
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
        const auto* m =
            reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(mask)->sin_addr);
        return IpPrefix{IpAddress::v4(bytes), ones(m, 4)};
    }
    if (address->sa_family == AF_INET6) {
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
        const auto* m =
            reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(mask)->sin6_addr);
        return IpPrefix{IpAddress::v6(bytes), ones(m, 16)};
    }
    return std::nullopt;
}

}  // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& bytes) {
    IpAddress a;
    std::copy(bytes.begin(), bytes.end(), a.bytes_.begin());
    a.v4_ = true;
    return a;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
    if (std::equal(kMappedV4.begin(), kMappedV4.end(), bytes.begin()))
        return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
    IpAddress a;
    a.bytes_ = bytes;
    return a;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    text = text.substr(0, text.find('%'));
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    const std::string copy{text};
    std::array<std::uint8_t, 4> four{};
    if (inet_pton(AF_INET, copy.c_str(), four.data()) == 1) return v4(four);
    std::array<std::uint8_t, 16> sixteen{};
    if (inet_pton(AF_INET6, copy.c_str(), sixteen.data()) == 1) return v6(sixteen);
    return std::nullopt;
}

bool IpAddress::is_loopback() const {
    if (v4_) return bytes_[0] == 127;
    return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) && bytes_[15] == 1;
}

bool IpAddress::is_private() const { return contains(private_prefixes(), *this); }

std::string IpAddress::text() const {
    char out[INET6_ADDRSTRLEN]{};
    inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), out, sizeof out);
    return out;
}

IpPrefix::IpPrefix(IpAddress address, int length) : address_(address), length_(length) {
    for (int bit = length; bit < 128; ++bit)
        address_.bytes_[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const int most = address->is_v4() ? 32 : 128;
    if (slash == std::string_view::npos) return IpPrefix{*address, most};
    int length = -1;
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (length < 0 || length > most) return std::nullopt;
    return IpPrefix{*address, length};
}

bool IpPrefix::contains(const IpAddress& address) const {
    return address.v4_ == address_.v4_ && IpPrefix{address, length_}.address_ == address_;
}

std::string IpPrefix::text() const { return address_.text() + "/" + std::to_string(length_); }

bool contains(const std::vector<IpPrefix>& prefixes, const IpAddress& address) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& p) { return p.contains(address); });
}

std::vector<IpPrefix> own_prefixes() {
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{first, &freeifaddrs};
    std::vector<IpPrefix> prefixes;
    for (const auto* at = first; at; at = at->ifa_next) {
        if (!at->ifa_addr || !at->ifa_netmask || !(at->ifa_flags & IFF_UP)) continue;
        const auto prefix = interface_prefix(at->ifa_addr, at->ifa_netmask);
        if (prefix) prefixes.push_back(*prefix);
    }
    return prefixes;
}

}  // namespace tongke::net
