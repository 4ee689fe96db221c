// Bytes written as text: pairs of hex digits, blanks ignored, "[ab*128]" a run.
#pragma once
#include <cctype>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace tongke::golden {

inline Bytes hex(std::string_view text) {
    Bytes out;
    const auto pair = [&](std::size_t at) {
        return static_cast<std::uint8_t>(std::stoul(std::string(text.substr(at, 2)), nullptr, 16));
    };
    for (std::size_t i = 0; i < text.size();) {
        if (std::isspace(static_cast<unsigned char>(text[i]))) {
            ++i;
        } else if (text[i] == '[') {
            const auto count = std::strtoul(text.data() + i + 4, nullptr, 10);
            out.insert(out.end(), count, pair(i + 1));
            i = text.find(']', i) + 1;
        } else {
            out.push_back(pair(i));
            i += 2;
        }
    }
    return out;
}

}  // namespace tongke::golden
