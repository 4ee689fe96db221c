#include "common/signal/segments.hpp"

#include <algorithm>
#include <array>

namespace tongke::signal {
namespace {

constexpr std::array<std::uint8_t, 10> kBars{0b0111111, 0b0000110, 0b1011011, 0b1001111, 0b1100110,
                                             0b1101101, 0b1111101, 0b0000111, 0b1111111, 0b1101111};
constexpr int kBarCount = 7;

// Widths are counted in thirds of a digit.
int thirds(char c) { return c == ':' || c == '.' ? 1 : 3; }

void paint_dots(Picture& picture, const Rect& place, char c, Colour on) {
    const int side = std::max(2, std::min(place.width / 2, place.height / 8));
    const int x = place.x + (place.width - side) / 2;
    if (c == '.') return picture.fill({x, place.y + place.height - side, side, side}, on);
    for (const int third : {1, 2})
        picture.fill({x, place.y + place.height * third / 3 - side / 2, side, side}, on);
}

void paint_digit(Picture& picture, const Rect& place, char c, Colour on, Colour off) {
    const auto lit = bars_of(c);
    // The unlit first: bars share their corners.
    for (const bool now_lit : {false, true})
        for (int i = 0; i < kBarCount; ++i)
            if (((lit >> i & 1) != 0) == now_lit) picture.fill(bar_place(place, i), now_lit ? on : off);
}

}  // namespace

std::uint8_t bars_of(char digit) {
    return digit >= '0' && digit <= '9' ? kBars[static_cast<std::size_t>(digit - '0')] : std::uint8_t{0};
}

Rect bar_place(const Rect& place, int index) {
    const int thick = std::max(2, place.width / 5);
    const int right = place.x + place.width - thick;
    const int middle = place.y + (place.height - thick) / 2;
    const int bottom = place.y + place.height - thick;
    const int half = (place.height + thick) / 2;
    switch (index) {
        case 0: return {place.x, place.y, place.width, thick};
        case 1: return {right, place.y, thick, half};
        case 2: return {right, middle, thick, half};
        case 3: return {place.x, bottom, place.width, thick};
        case 4: return {place.x, middle, thick, half};
        case 5: return {place.x, place.y, thick, half};
        default: return {place.x, middle, place.width, thick};
    }
}

void paint_digits(Picture& picture, const Rect& place, std::string_view text, Colour on, Colour off) {
    int total = 0;
    for (const char c : text) total += thirds(c);
    int at = 0;
    for (const char c : text) {
        const int left = place.width * at / total, right = place.width * (at + thirds(c)) / total;
        at += thirds(c);
        // An eighth of each place is the space to the next.
        const int gap = std::max(2, (right - left) / 8);
        const Rect own{place.x + left, place.y, right - left - gap, place.height};
        if (c == ':' || c == '.')
            paint_dots(picture, own, c, on);
        else
            paint_digit(picture, own, c, on, off);
    }
}

}  // namespace tongke::signal
