// The time-code bar of the test channel (QOE.md 5): three rows of 32 cells
// across the top tenth of the picture, white for 1, that carry the picture's
// number and its UTC and survive scaling to 640x360 and 500 kbit/s. Pure.
//
// Cells row by row, from the left, most significant bit first:
//   1 0 | picture number, 32 | UTC ms since 1970, 42 | version (1), 2 | CRC, 16 | 0 1
// The four outer cells give the levels of white and black. The CRC is CRC-16 of
// ITU-T X.25 without reflection (polynomial 0x1021, start 0xFFFF) over number,
// UTC and version as bytes, 4 + 6 + 1, big-endian.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "common/media/picture.hpp"

namespace tongke::signal {

inline constexpr int kCodeColumns = 32;
inline constexpr int kCodeRows = 3;
inline constexpr int kCodeCells = kCodeColumns * kCodeRows;
/// Of the picture's height, for all rows.
inline constexpr int kCodeHeightDivisor = 10;

struct TimeCode {
    std::uint32_t picture = 0;  // counts on by one with each picture, modulo 2^32
    std::int64_t utc_ms = 0;    // when the picture was due; 0 … 2^42 - 1 (until 2109)
    bool operator==(const TimeCode&) const = default;
};

std::array<bool, kCodeCells> code_cells(const TimeCode& code);
/// Nothing when levels, version or CRC do not hold.
std::optional<TimeCode> code_from_cells(const std::array<bool, kCodeCells>& cells);

void paint_time_code(Picture& picture, const TimeCode& code);
/// Of a decoded picture of any size; nothing when there is no whole bar in it.
std::optional<TimeCode> read_time_code(const LumaView& picture);

}  // namespace tongke::signal
