// Short lists of identifiers in one TEXT column, comma between. The parts have
// no comma: room ids, CIDR prefixes.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tongke::store {

inline std::string join_list(const std::vector<std::string>& parts) {
    std::string out;
    for (const auto& part : parts) out += (out.empty() ? "" : ",") + part;
    return out;
}

inline std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

}  // namespace tongke::store
