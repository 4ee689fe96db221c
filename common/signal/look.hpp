// What one decoded picture or frame of sound says about its source (QOE.md §3:
// content freeze, black, silence): how dark it is, what moved, how loud it is.
// Pure functions of samples.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "common/media/picture.hpp"

namespace tongke::signal {

/// The picture's brightness in cells: means, so that what an encoder's noise and its keyframes change in
/// single pixels is not taken for movement.
struct Cells {
    static constexpr int kColumns = 40, kRows = 22;
    std::array<std::uint16_t, kColumns * kRows> mean{};  // brightness × 16, 0 to 4080
};
Cells cells_of(const LumaView& picture);

/// Of the cell that differs most, in levels of brightness (0 to 255).
double largest_change(const Cells& a, const Cells& b);

/// Share of the pixels below 10 % of the way from black to white (limited range), 0 to 1.
double dark_share(const LumaView& picture);

/// Loudness (root of the mean square) in dBFS; -120 for nothing at all.
double dbfs(std::span<const float> samples);

}  // namespace tongke::signal
