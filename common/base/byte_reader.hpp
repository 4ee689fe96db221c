// Reads big-endian integers from untrusted bytes. A read past the end sets a
// sticky failure and yields zeros, so a parser checks ok() once, at its end.
#pragma once
#include "common/base/bytes.hpp"

namespace tongke {

class ByteReader {
  public:
    explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    std::size_t left() const { return bytes_.size() - at_; }
    std::size_t position() const { return at_; }

    std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
    std::uint32_t u24() { return static_cast<std::uint32_t>(big_endian(3)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
    std::uint64_t u64() { return big_endian(8); }
    std::uint32_t u32_little_endian() {
        const auto v = u32();
        return __builtin_bswap32(v);
    }

    /// The next `count` bytes; empty, with failure set, when fewer are left.
    ByteView take(std::size_t count) {
        if (!ok_ || count > left()) {
            ok_ = false;
            return {};
        }
        const auto part = bytes_.subspan(at_, count);
        at_ += count;
        return part;
    }
    ByteView rest() { return take(left()); }
    void fail() { ok_ = false; }

  private:
    std::uint64_t big_endian(std::size_t width) {
        std::uint64_t value = 0;
        for (const auto byte : take(width)) value = value << 8 | byte;
        return value;
    }

    ByteView bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace tongke
