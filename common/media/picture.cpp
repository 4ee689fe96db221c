#include "common/media/picture.hpp"

#include <algorithm>
#include <cassert>

namespace tongke {
namespace {

struct Plane {
    std::uint8_t* data;
    int width;
    int height;
};

void fill_plane(const Plane& plane, int left, int top, int right, int bottom, std::uint8_t value) {
    left = std::clamp(left, 0, plane.width);
    right = std::clamp(right, left, plane.width);
    top = std::clamp(top, 0, plane.height);
    bottom = std::clamp(bottom, top, plane.height);
    for (int y = top; y < bottom; ++y)
        std::fill(plane.data + std::ptrdiff_t{y} * plane.width + left,
                  plane.data + std::ptrdiff_t{y} * plane.width + right, value);
}

}  // namespace

Picture::Picture(int width, int height) : width_(width), height_(height) {
    assert(width > 0 && height > 0 && width % 2 == 0 && height % 2 == 0);
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    planes_[0].assign(pixels, kBlack.y);
    planes_[1].assign(pixels / 4, kBlack.u);
    planes_[2].assign(pixels / 4, kBlack.v);
}

void Picture::fill(const Rect& where, Colour colour) {
    const int right = where.x + where.width, bottom = where.y + where.height;
    fill_plane({plane(0), width_, height_}, where.x, where.y, right, bottom, colour.y);
    const auto half = [](int at) { return at < 0 ? 0 : at / 2; };
    for (const int chroma : {1, 2})
        fill_plane({plane(chroma), chroma_width(), chroma_height()}, half(where.x), half(where.y),
                   half(right + 1), half(bottom + 1), chroma == 1 ? colour.u : colour.v);
}

}  // namespace tongke
