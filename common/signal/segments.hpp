// Digits of seven bars, drawn with rectangles: readable from the back of a hall
// and on any screen, and no font is needed. Pure.
#pragma once
#include <cstdint>
#include <string_view>

#include "common/media/picture.hpp"

namespace tongke::signal {

/// Which bars are lit: bit 0 top, 1 upper right, 2 lower right, 3 bottom,
/// 4 lower left, 5 upper left, 6 middle. 0 for what is not a digit.
std::uint8_t bars_of(char digit);
/// Where bar `index` of a digit that fills `place` lies.
Rect bar_place(const Rect& place, int index);

/// 0-9, ':' and '.'; anything else is a space. The characters share `place`; ':'
/// and '.' are a third as wide as a digit. Unlit bars are painted in `off`.
void paint_digits(Picture& picture, const Rect& place, std::string_view text, Colour on, Colour off);

}  // namespace tongke::signal
