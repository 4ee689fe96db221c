// Reads members of untrusted JSON objects: absent, null and wrong type give
// nothing; nothing throws.
#pragma once
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/time/format.hpp"

namespace tongke::relay::fields {

inline const boost::json::value* find(const boost::json::object& o, std::string_view key) {
    return o.if_contains({key.data(), key.size()});
}

/// The text, "" when absent, not text, or longer than `max` bytes.
inline std::string text(const boost::json::object& o, std::string_view key, std::size_t max = 256) {
    const auto* v = find(o, key);
    if (v == nullptr || !v->is_string() || v->get_string().size() > max) return {};
    return std::string{v->get_string()};
}

inline std::optional<double> number(const boost::json::object& o, std::string_view key) {
    const auto* v = find(o, key);
    if (v == nullptr) return std::nullopt;
    if (v->is_double()) return std::isfinite(v->get_double()) ? std::optional{v->get_double()} : std::nullopt;
    if (v->is_int64()) return static_cast<double>(v->get_int64());
    if (v->is_uint64()) return static_cast<double>(v->get_uint64());
    return std::nullopt;
}

/// A whole number of 0 … 2^53; -1 when it is none.
inline std::int64_t count(const boost::json::object& o, std::string_view key) {
    const auto n = number(o, key);
    if (!n || *n < 0 || *n > 9007199254740992.0 || *n != std::floor(*n)) return -1;
    return static_cast<std::int64_t>(*n);
}

inline std::optional<WallTime> time(const boost::json::object& o, std::string_view key) {
    const auto written = text(o, key, 40);
    return written.empty() ? std::nullopt : parse_iso8601(written);
}

inline const boost::json::array& list(const boost::json::object& o, std::string_view key) {
    static const boost::json::array none;
    const auto* v = find(o, key);
    return v != nullptr && v->is_array() ? v->get_array() : none;
}

}  // namespace tongke::relay::fields
