#include <charconv>

#include "common/http/client.hpp"

namespace tongke::http {

std::optional<Url> Url::parse(std::string_view text) {
    Url url;
    if (text.starts_with("http://"))
        text.remove_prefix(7);
    else if (text.starts_with("https://"))
        text.remove_prefix(8), url.tls = true;
    else
        return std::nullopt;
    url.port = url.tls ? 443 : 80;
    for (const unsigned char c : text)
        if (c <= 0x20 || c == 0x7f) return std::nullopt;
    auto authority = text.substr(0, text.find_first_of("/?#"));
    auto target = text.substr(authority.size());
    target = target.substr(0, target.find('#'));
    url.target = target.starts_with('/') ? std::string{target} : "/" + std::string{target};
    if (authority.find('@') != authority.npos) return std::nullopt;  // credentials never travel in addresses

    const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == authority.npos) return std::nullopt;
    const auto colon = authority.find(':', bracket);
    url.host = std::string{authority.starts_with('[') ? authority.substr(1, bracket - 1)
                                                      : authority.substr(0, colon)};
    if (url.host.empty()) return std::nullopt;
    if (colon == authority.npos)
        return bracket && bracket + 1 != authority.size() ? std::nullopt : std::optional{url};
    if (bracket && colon != bracket + 1) return std::nullopt;
    const auto port = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0) return std::nullopt;
    return url;
}

std::string Url::origin() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (tls ? "https://" : "http://") + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace tongke::http
