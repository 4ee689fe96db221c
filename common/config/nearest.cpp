#include <algorithm>
#include <numeric>
#include <utility>

#include "common/config/config.hpp"

namespace tongke::config {
namespace {

// Levenshtein distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
    std::string best;
    std::size_t least = std::min<std::size_t>(3, word.size() / 2) + 1;
    for (const auto& name : names) {
        if (name.size() > 64 || word.size() > 64) continue;
        if (const auto d = distance(word, name); d < least) {
            least = d;
            best = name;
        }
    }
    return best;
}

}  // namespace tongke::config
