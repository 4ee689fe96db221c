// rtmp://HOST[:PORT]/APP/STREAM[?query] taken apart, and the query that a key
// or a token travels in, on the app or on the stream name (CONTRACT.md §4).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"

namespace tongke::rtmp {

/// Query parameters in order, percent-decoded ('+' stays '+').
struct Query {
    std::vector<std::pair<std::string, std::string>> items;

    /// The first value of `name`.
    std::optional<std::string> find(std::string_view name) const;
    static Query parse(std::string_view text);
};

struct Url {
    bool tls = false;
    std::string host;  // an IPv6 literal without its brackets
    std::uint16_t port = 1935;
    std::string app;     // as written, without a query
    std::string stream;  // as written, without a query
    std::string query;   // raw, without '?'; both queries joined where two were given

    /// "rtmp://host:port/app", as sent in connect.
    std::string tc_url() const;
    /// "stream?query", as sent in play and publish.
    std::string play_path() const;
};

Result<Url> parse_url(std::string_view text);

/// Letters, digits, '.', '_' and '-', 1 to 64, not only dots: what may name a stream.
bool valid_stream_name(std::string_view name);

}  // namespace tongke::rtmp
