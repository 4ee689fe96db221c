// Header names and tokens in lower case: ASCII only, whatever the locale.
#pragma once
#include <string>
#include <string_view>

namespace tongke::http {

inline std::string lower(std::string_view text) {
    std::string out{text};
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

}  // namespace tongke::http
