// The parts of a request that peers write freely, parsed strictly: request
// target, percent escapes, query, cookies. Pure; fuzzed (tests/fuzz/http_target.cpp).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tongke::http {

struct Target {
    std::string path;  // decoded, begins with '/'; no NUL or control byte, no "." or ".." part, valid UTF-8
    std::vector<std::pair<std::string, std::string>> query;  // decoded, '+' is a space
};

/// Of an absolute-form target ("http://host/path", RFC 9112 §3.2.2) what follows the authority; of any other
/// all of it. "" when nothing of a path is there.
std::string_view origin_form(std::string_view target);
/// origin-form only ("/path?query", RFC 9112 §3.2.1); nothing when it cannot be decoded cleanly.
std::optional<Target> parse_target(std::string_view target);
/// %XX decoded; nothing when an escape is cut or not hexadecimal.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
std::string percent_encode(std::string_view text);
/// Value of the first cookie of that name (RFC 6265 §4.2.1), "" when absent.
std::string_view cookie_value(std::string_view cookie_header, std::string_view name);
bool is_utf8(std::string_view text);
/// Each byte that belongs to no character becomes U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace tongke::http
