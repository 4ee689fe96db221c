#include "common/media/h264.hpp"

#include <algorithm>

#include "common/base/byte_reader.hpp"
#include "common/base/byte_writer.hpp"
#include "common/media/flv.hpp"

namespace tongke::h264 {
namespace {

// nal_unit_type, ISO/IEC 14496-10 table 7-1.
constexpr int kIdr = 5, kSps = 7, kPps = 8, kDelimiter = 9, kFiller = 12;

int type_of(ByteView unit) { return unit[0] & 0x1F; }

/// Of the next 00 00 01 at or after `from`; the size when there is none.
std::size_t start_code(ByteView bytes, std::size_t from) {
    for (auto at = from; at + 3 <= bytes.size(); ++at)
        if (bytes[at] == 0 && bytes[at + 1] == 0 && bytes[at + 2] == 1) return at;
    return bytes.size();
}

}  // namespace

std::vector<ByteView> nal_units(ByteView annex_b) {
    std::vector<ByteView> units;
    for (auto code = start_code(annex_b, 0); code < annex_b.size();) {
        const auto begin = code + 3;
        code = start_code(annex_b, begin);
        auto end = code;
        // Zeros before a start code are its own (leading_zero_8bits, zero_byte).
        while (end > begin && annex_b[end - 1] == 0) --end;
        if (end > begin) units.push_back(annex_b.subspan(begin, end - begin));
    }
    return units;
}

Bytes to_avcc(ByteView annex_b) {
    Bytes out;
    out.reserve(annex_b.size() + 8);
    ByteWriter writer(out);
    for (const auto unit : nal_units(annex_b)) {
        const auto type = type_of(unit);
        if (type == kSps || type == kPps || type == kDelimiter || type == kFiller) continue;
        writer.u32(static_cast<std::uint32_t>(unit.size()));
        writer.bytes(unit);
    }
    return out;
}

Bytes parameter_sets(ByteView record) {
    ByteReader reader(record);
    reader.take(4);
    const int length_bytes = (reader.u8() & 3) + 1;
    Bytes out;
    ByteWriter writer(out);
    const auto copy = [&](int count) {
        for (int i = 0; i < count && reader.ok(); ++i) {
            const auto set = reader.take(reader.u16());
            if (length_bytes == 1 && set.size() > 0xFF) reader.fail();
            for (int byte = length_bytes - 1; byte >= 0; --byte)
                writer.u8(byte < 2 ? static_cast<std::uint8_t>(set.size() >> (8 * byte)) : 0);
            writer.bytes(set);
        }
    };
    copy(reader.u8() & 0x1F);
    copy(reader.u8());
    return reader.ok() ? out : Bytes{};
}

bool has_idr(ByteView avcc, int nal_length_size) {
    const auto length_bytes = static_cast<std::size_t>(nal_length_size);
    while (avcc.size() > length_bytes) {
        std::size_t length = 0;
        for (const auto byte : avcc.first(length_bytes)) length = length << 8 | byte;
        avcc = avcc.subspan(length_bytes);
        if (length == 0 || length > avcc.size()) return false;
        if (type_of(avcc) == kIdr) return true;
        avcc = avcc.subspan(length);
    }
    return false;
}

Result<Bytes> decoder_config(ByteView annex_b) {
    const auto units = nal_units(annex_b);
    const auto first = [&](int type) {
        const auto found =
            std::find_if(units.begin(), units.end(), [&](ByteView u) { return type_of(u) == type; });
        return found == units.end() ? ByteView{} : *found;
    };
    const auto sps = first(kSps), pps = first(kPps);
    if (sps.size() < 4 || pps.empty() || sps.size() > 0xFFFF || pps.size() > 0xFFFF)
        return flv::Errc::malformed_config;
    Bytes record;
    ByteWriter writer(record);
    writer.u8(1);
    writer.bytes(sps.subspan(1, 3));  // profile, compatibility, level
    writer.u8(0xFF);                  // lengths of 4 bytes
    writer.u8(0xE1);                  // one SPS
    writer.u16(static_cast<std::uint16_t>(sps.size()));
    writer.bytes(sps);
    writer.u8(1);  // one PPS
    writer.u16(static_cast<std::uint16_t>(pps.size()));
    writer.bytes(pps);
    // The high profiles say their chroma format and depths once more (5.3.3.1.2): 4:2:0, 8 bits.
    const auto profile = sps[1];
    if (profile == 100 || profile == 110 || profile == 122 || profile == 144) writer.u32(0xFDF8F800);
    return record;
}

}  // namespace tongke::h264
