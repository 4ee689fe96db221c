// One picture as three planes, 4:2:0, 8 bits, limited range: what the test
// signal is painted on and what the encoder reads. A value; no thread of its own.
#pragma once
#include <cstdint>
#include <vector>

namespace tongke {

/// BT.709 limited range: black is {16, 128, 128}, white {235, 128, 128}.
struct Colour {
    std::uint8_t y = 16;
    std::uint8_t u = 128;
    std::uint8_t v = 128;
};
inline constexpr Colour kBlack{16, 128, 128};
inline constexpr Colour kWhite{235, 128, 128};

/// Pixels; what lies outside the picture is left out when painting.
struct Rect {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
};

/// The brightness of a picture that somebody else holds, row after row.
struct LumaView {
    const std::uint8_t* data = nullptr;
    int width = 0;
    int height = 0;
    int stride = 0;  // bytes from one row to the next
};

class Picture {
  public:
    /// Both even and above zero.
    Picture(int width, int height);

    int width() const { return width_; }
    int height() const { return height_; }
    int chroma_width() const { return width_ / 2; }
    int chroma_height() const { return height_ / 2; }
    /// Plane 0: width x height; 1 and 2: half of each.
    const std::uint8_t* plane(int index) const { return planes_[index].data(); }
    std::uint8_t* plane(int index) { return planes_[index].data(); }
    LumaView luma() const { return {planes_[0].data(), width_, height_, width_}; }

    /// Colour changes at even pixels only: the chroma of an odd edge is rounded outwards.
    void fill(const Rect& where, Colour colour);

  private:
    int width_;
    int height_;
    std::vector<std::uint8_t> planes_[3];
};

}  // namespace tongke
