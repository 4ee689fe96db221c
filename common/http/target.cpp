#include "common/http/target.hpp"

#include <algorithm>
#include <cstdint>

#include "common/http/lower.hpp"

namespace tongke::http {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool has_control_byte(std::string_view text) {
    for (const unsigned char c : text)
        if (c < 0x20 || c == 0x7f) return true;
    return false;
}

/// Length of the UTF-8 character at the front (RFC 3629 §4), 0 when there is none.
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto lead = at(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at(i) & 0xc0) != 0x80) return 0;
    const auto second = at(1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool surrogate = lead == 0xed && second >= 0xa0;
    return overlong || surrogate || (lead == 0xf4 && second >= 0x90) ? 0 : length;
}

/// Nothing in it to decode or to refuse but dots: most paths.
bool is_plain(std::string_view path) {
    return std::all_of(path.begin(), path.end(), [](char c) {
        const char lower = static_cast<char>(c | 0x20);
        return (lower >= 'a' && lower <= 'z') || (c >= '-' && c <= '9') || c == '_';
    });
}

bool has_dot_part(std::string_view path) {
    if (path.find("/.") == path.npos) return false;
    std::size_t begin = 1;
    while (begin <= path.size()) {
        const auto end = std::min(path.find('/', begin), path.size());
        const auto part = path.substr(begin, end - begin);
        if (part == "." || part == "..") return true;
        begin = end + 1;
    }
    return false;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = percent_decode(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1), true);
        if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) return std::nullopt;
        if (name->find('\0') != name->npos || value->find('\0') != value->npos) return std::nullopt;
        out.emplace_back(std::move(*name), std::move(*value));
    }
    return out;
}

std::optional<std::string> decode_path(std::string_view raw) {
    // An escaped slash would be one part to a cache and two to us.
    for (std::size_t i = raw.find('%'); i != raw.npos; i = raw.find('%', i + 1))
        if (const auto escape = raw.substr(i, 3); escape == "%2f" || escape == "%2F") return std::nullopt;
    auto path = percent_decode(raw);
    if (!path || has_control_byte(*path) || !is_utf8(*path)) return std::nullopt;
    return path;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high << 4 | low);
            i += 2;
        }
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const unsigned char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
            out += static_cast<char>(c);
        } else {
            out += '%';
            out += kHex[c >> 4];
            out += kHex[c & 15];
        }
    }
    return out;
}

std::string_view origin_form(std::string_view target) {
    if (target.starts_with('/')) return target;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (lower(target.substr(0, scheme.size())) != scheme) continue;
        const auto rest = target.substr(scheme.size());
        const auto end = rest.find_first_of("/?#");
        if (end == 0) return {};
        if (end == rest.npos) return "/";
        return rest[end] == '/' ? rest.substr(end) : std::string_view{};
    }
    return target;
}

std::optional<Target> parse_target(std::string_view target) {
    if (target.empty() || target.front() != '/' || has_control_byte(target)) return std::nullopt;
    target = target.substr(0, target.find('#'));
    const auto question = target.find('?');
    const auto raw = target.substr(0, question);
    auto path = is_plain(raw) ? std::optional{std::string{raw}} : decode_path(raw);
    if (!path || has_dot_part(*path)) return std::nullopt;
    auto query = parse_query(question == target.npos ? std::string_view{} : target.substr(question + 1));
    if (!query) return std::nullopt;
    return Target{std::move(*path), std::move(*query)};
}

std::string_view cookie_value(std::string_view cookie_header, std::string_view name) {
    while (!cookie_header.empty()) {
        auto pair = cookie_header.substr(0, cookie_header.find(';'));
        cookie_header.remove_prefix(std::min(cookie_header.size(), pair.size() + 1));
        while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
        while (!pair.empty() && pair.back() == ' ') pair.remove_suffix(1);
        if (pair.size() <= name.size() || pair[name.size()] != '=' || pair.substr(0, name.size()) != name)
            continue;
        auto value = pair.substr(name.size() + 1);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        return value;
    }
    return {};
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string replace_invalid_utf8(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto length = utf8_length(text);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            text.remove_prefix(1);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return out;
}

}  // namespace tongke::http
