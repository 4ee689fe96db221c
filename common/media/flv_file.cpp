#include "common/base/byte_reader.hpp"
#include "common/base/byte_writer.hpp"
#include "common/media/flv.hpp"

namespace tongke::flv {
namespace {

constexpr std::uint32_t kMaxTagBytes = 8u << 20;
constexpr std::uint32_t kMaxHeaderBytes = 1024;
constexpr std::size_t kTagHeader = 11;
constexpr std::size_t kPreviousSize = 4;

}  // namespace

Result<std::vector<FileTag>> FileReader::feed(ByteView input) {
    pending_.insert(pending_.end(), input.begin(), input.end());
    ByteView left = pending_;
    std::vector<FileTag> tags;
    if (!header_read_ && left.size() >= 9) {
        ByteReader in(left);
        const bool signature = as_text(in.take(3)) == "FLV";
        in.u16();
        const auto size = in.u32();
        if (!signature || size < 9 || size > kMaxHeaderBytes) return Errc::not_flv;
        if (left.size() < size + kPreviousSize) return tags;
        left = left.subspan(size + kPreviousSize);
        header_read_ = true;
    }
    while (header_read_ && left.size() >= kTagHeader) {
        ByteReader in(left);
        FileTag tag;
        tag.type = in.u8() & 0x1F;
        const auto size = in.u24();
        if (size > kMaxTagBytes) return Errc::tag_too_long;
        tag.timestamp = in.u24();
        tag.timestamp |= static_cast<std::uint32_t>(in.u8()) << 24;
        in.u24();
        if (in.left() < size + kPreviousSize) break;
        const auto body = in.take(size);
        tag.body.assign(body.begin(), body.end());
        tags.push_back(std::move(tag));
        left = left.subspan(kTagHeader + size + kPreviousSize);
    }
    pending_.erase(pending_.begin(), pending_.end() - static_cast<std::ptrdiff_t>(left.size()));
    return tags;
}

void append_file_header(Bytes& out, bool audio, bool video) {
    ByteWriter writer(out);
    writer.text("FLV");
    writer.u8(1);
    writer.u8(static_cast<std::uint8_t>((audio ? 4 : 0) | (video ? 1 : 0)));
    writer.u32(9);
    writer.u32(0);
}

void append_file_tag(Bytes& out, std::uint8_t type, std::uint32_t timestamp, ByteView body) {
    ByteWriter writer(out);
    writer.u8(type);
    writer.u24(static_cast<std::uint32_t>(body.size()));
    writer.u24(timestamp & 0xFFFFFF);
    writer.u8(static_cast<std::uint8_t>(timestamp >> 24));
    writer.u24(0);
    writer.bytes(body);
    writer.u32(static_cast<std::uint32_t>(kTagHeader + body.size()));
}

}  // namespace tongke::flv
