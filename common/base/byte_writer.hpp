// Appends big-endian integers and raw bytes to a vector owned by the caller.
#pragma once
#include "common/base/bytes.hpp"

namespace tongke {

class ByteWriter {
  public:
    explicit ByteWriter(Bytes& out) : out_(out) {}

    void u8(std::uint8_t v) { out_.push_back(v); }
    void u16(std::uint16_t v) { big_endian(v, 2); }
    void u24(std::uint32_t v) { big_endian(v, 3); }
    void u32(std::uint32_t v) { big_endian(v, 4); }
    void u64(std::uint64_t v) { big_endian(v, 8); }
    void u32_little_endian(std::uint32_t v) { big_endian(__builtin_bswap32(v), 4); }
    void bytes(ByteView v) { out_.insert(out_.end(), v.begin(), v.end()); }
    void text(std::string_view v) { bytes(as_bytes(v)); }

  private:
    void big_endian(std::uint64_t v, int width) {
        for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
            out_.push_back(static_cast<std::uint8_t>(v >> shift));
    }

    Bytes& out_;
};

}  // namespace tongke
