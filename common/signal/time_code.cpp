#include "common/signal/time_code.hpp"

#include <boost/crc.hpp>
#include <cstddef>

namespace tongke::signal {
namespace {

constexpr int kNumberBits = 32;
constexpr int kUtcBits = 42;
constexpr int kVersionBits = 2;
constexpr int kCrcBits = 16;
constexpr std::uint64_t kVersion = 1;
static_assert(2 + kNumberBits + kUtcBits + kVersionBits + kCrcBits + 2 == kCodeCells);

// White and black must be this far apart (of 255), or there is no bar.
constexpr double kLeastContrast = 40;

using Cells = std::array<bool, kCodeCells>;

std::uint16_t crc_of(const TimeCode& code, std::uint64_t version) {
    std::array<std::uint8_t, 11> bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(code.picture >> (24 - 8 * i));
    for (std::size_t i = 0; i < 6; ++i)
        bytes[4 + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(code.utc_ms) >> (40 - 8 * i));
    bytes[10] = static_cast<std::uint8_t>(version);
    boost::crc_optimal<16, 0x1021, 0xFFFF, 0, false, false> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return static_cast<std::uint16_t>(crc.checksum());
}

void put(Cells& cells, std::size_t& at, std::uint64_t value, int bits) {
    for (int bit = bits - 1; bit >= 0; --bit) cells[at++] = (value >> bit & 1) != 0;
}

std::uint64_t get(const Cells& cells, std::size_t& at, int bits) {
    std::uint64_t value = 0;
    for (int i = 0; i < bits; ++i) value = value << 1 | static_cast<std::uint64_t>(cells[at++]);
    return value;
}

/// Where cell `index` lies in a picture of this size.
Rect cell_place(int index, int width, int height) {
    const int column = index % kCodeColumns, row = index / kCodeColumns;
    const int bar = height / kCodeHeightDivisor;
    const int left = width * column / kCodeColumns, right = width * (column + 1) / kCodeColumns;
    const int top = bar * row / kCodeRows, bottom = bar * (row + 1) / kCodeRows;
    return {left, top, right - left, bottom - top};
}

/// The mean over the middle of a cell: its edges are blurred by scaling and coding.
double brightness(const LumaView& picture, const Rect& cell) {
    const int margin_x = cell.width / 4, margin_y = cell.height / 4;
    std::uint64_t sum = 0, count = 0;
    for (int y = cell.y + margin_y; y < cell.y + cell.height - margin_y; ++y)
        for (int x = cell.x + margin_x; x < cell.x + cell.width - margin_x; ++x, ++count)
            sum += picture.data[std::ptrdiff_t{y} * picture.stride + x];
    return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
}

}  // namespace

std::array<bool, kCodeCells> code_cells(const TimeCode& code) {
    Cells cells{};
    std::size_t at = 0;
    put(cells, at, 0b10, 2);
    put(cells, at, code.picture, kNumberBits);
    put(cells, at, static_cast<std::uint64_t>(code.utc_ms), kUtcBits);
    put(cells, at, kVersion, kVersionBits);
    put(cells, at, crc_of(code, kVersion), kCrcBits);
    put(cells, at, 0b01, 2);
    return cells;
}

std::optional<TimeCode> code_from_cells(const std::array<bool, kCodeCells>& cells) {
    std::size_t at = 0;
    TimeCode code;
    if (get(cells, at, 2) != 0b10) return std::nullopt;
    code.picture = static_cast<std::uint32_t>(get(cells, at, kNumberBits));
    code.utc_ms = static_cast<std::int64_t>(get(cells, at, kUtcBits));
    const auto version = get(cells, at, kVersionBits);
    const auto crc = get(cells, at, kCrcBits);
    if (get(cells, at, 2) != 0b01) return std::nullopt;
    if (version != kVersion || crc != crc_of(code, version)) return std::nullopt;
    return code;
}

void paint_time_code(Picture& picture, const TimeCode& code) {
    const auto cells = code_cells(code);
    for (int i = 0; i < kCodeCells; ++i)
        picture.fill(cell_place(i, picture.width(), picture.height()),
                     cells[static_cast<std::size_t>(i)] ? kWhite : kBlack);
}

std::optional<TimeCode> read_time_code(const LumaView& picture) {
    if (picture.data == nullptr || picture.width < kCodeColumns ||
        picture.height < kCodeRows * kCodeHeightDivisor)
        return std::nullopt;
    std::array<double, kCodeCells> level{};
    for (int i = 0; i < kCodeCells; ++i)
        level[static_cast<std::size_t>(i)] =
            brightness(picture, cell_place(i, picture.width, picture.height));
    const double white = (level[0] + level[kCodeCells - 1]) / 2;
    const double black = (level[1] + level[kCodeCells - 2]) / 2;
    if (white - black < kLeastContrast) return std::nullopt;
    Cells cells{};
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = level[i] > (white + black) / 2;
    return code_from_cells(cells);
}

}  // namespace tongke::signal
