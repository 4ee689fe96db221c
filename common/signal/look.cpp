#include "common/signal/look.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace tongke::signal {
namespace {

// 16 + 10 % of 219.
constexpr std::uint8_t kDark = 38;
constexpr double kNothing = -120;

}  // namespace

Cells cells_of(const LumaView& picture) {
    Cells out;
    for (int row = 0; row < Cells::kRows; ++row) {
        const int top = picture.height * row / Cells::kRows;
        const int bottom = std::max(top + 1, picture.height * (row + 1) / Cells::kRows);
        std::array<std::uint32_t, Cells::kColumns> sums{};
        std::array<int, Cells::kColumns + 1> edges;
        for (int column = 0; column <= Cells::kColumns; ++column)
            edges[static_cast<std::size_t>(column)] = picture.width * column / Cells::kColumns;
        for (int y = top; y < std::min(bottom, picture.height); ++y) {
            const auto* line = picture.data + std::ptrdiff_t{y} * picture.stride;
            for (std::size_t column = 0; column < Cells::kColumns; ++column)
                for (int x = edges[column]; x < edges[column + 1]; ++x) sums[column] += line[x];
        }
        for (std::size_t column = 0; column < Cells::kColumns; ++column) {
            const auto pixels =
                static_cast<std::uint32_t>((bottom - top) * (edges[column + 1] - edges[column]));
            const auto at = static_cast<std::size_t>(row) * Cells::kColumns + column;
            out.mean[at] = pixels == 0 ? 0 : static_cast<std::uint16_t>(sums[column] * 16 / pixels);
        }
    }
    return out;
}

double largest_change(const Cells& a, const Cells& b) {
    int most = 0;
    for (std::size_t i = 0; i < a.mean.size(); ++i) most = std::max(most, std::abs(a.mean[i] - b.mean[i]));
    return most / 16.0;
}

double dark_share(const LumaView& picture) {
    std::int64_t dark = 0;
    for (int y = 0; y < picture.height; ++y) {
        const auto* line = picture.data + std::ptrdiff_t{y} * picture.stride;
        dark += std::count_if(line, line + picture.width, [](std::uint8_t luma) { return luma < kDark; });
    }
    const auto all = std::int64_t{picture.width} * picture.height;
    return all == 0 ? 0 : static_cast<double>(dark) / static_cast<double>(all);
}

double dbfs(std::span<const float> samples) {
    double sum = 0;
    for (const float x : samples) sum += static_cast<double>(x) * static_cast<double>(x);
    if (samples.empty() || sum <= 0) return kNothing;
    return std::max(kNothing, 10 * std::log10(sum / static_cast<double>(samples.size())));
}

}  // namespace tongke::signal
