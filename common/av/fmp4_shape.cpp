#include "common/av/fmp4_shape.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "common/base/byte_reader.hpp"

namespace tongke::av {
namespace {

// Far above ten seconds of any lesson, and above what such a file consists of.
constexpr std::uint64_t kMostSamples = 100'000;
constexpr int kMostBoxes = 1'000;

struct Parent {
    std::string_view type;
    std::size_t children;  // at this byte of its content
};
constexpr std::array kParents{Parent{"moov", 0}, Parent{"trak", 0},  Parent{"mdia", 0}, Parent{"minf", 0},
                              Parent{"dinf", 0}, Parent{"stbl", 0},  Parent{"mvex", 0}, Parent{"udta", 0},
                              Parent{"moof", 0}, Parent{"traf", 0},  Parent{"meta", 4}, Parent{"stsd", 8},
                              Parent{"dref", 8}, Parent{"avc1", 78}, Parent{"mp4a", 28}};
constexpr std::array<std::string_view, 23> kLeaves{
    "ftyp", "styp", "mvhd", "tkhd", "mdhd", "hdlr", "vmhd", "smhd", "url ", "avcC", "esds", "btrt",
    "pasp", "colr", "trex", "mehd", "mfhd", "tfhd", "tfdt", "trun", "mdat", "uuid", "ilst"};
constexpr std::array<std::string_view, 4> kEmptyTables{"stts", "stsc", "stsz", "stco"};

bool among(const auto& types, std::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

class Walk {
  public:
    bool boxes(ByteView bytes) {
        ByteReader in{bytes};
        while (in.left() > 0) {
            const std::uint32_t size = in.u32();
            const auto type = as_text(in.take(4));
            // Neither "to the end" nor 64 bits: those are for files of other makers.
            if (size < 8 || ++boxes_ > kMostBoxes) return false;
            const auto content = in.take(size - 8);
            if (!in.ok() || !box(type, content)) return false;
        }
        return true;
    }

  private:
    bool box(std::string_view type, ByteView content) {
        if (type == "trun") samples_ += field(content, 4).value_or(kMostSamples + 1);
        if (samples_ > kMostSamples) return false;
        if (among(kEmptyTables, type)) return field(content, type == "stsz" ? 8 : 4) == 0u;
        if (type == "ilst") return content.empty();
        // Where these say something else libavformat reads more before it comes to the children.
        if (type == "mp4a" && field(content, 8, 2) != 0u) return false;
        if (type == "avc1" && field(content, 74, 2) != 24u) return false;
        const auto parent =
            std::find_if(kParents.begin(), kParents.end(), [&](const auto& p) { return p.type == type; });
        if (parent == kParents.end()) return among(kLeaves, type);
        return content.size() >= parent->children && boxes(content.subspan(parent->children));
    }

    static std::optional<std::uint32_t> field(ByteView content, std::size_t at, int width = 4) {
        ByteReader in{content};
        in.take(at);
        const std::uint32_t value = width == 2 ? in.u16() : in.u32();
        return in.ok() ? std::optional{value} : std::nullopt;
    }

    int boxes_ = 0;  // bounds the depth, too
    std::uint64_t samples_ = 0;
};

}  // namespace

bool has_our_shape(ByteView init, ByteView segment) {
    Walk walk;
    return walk.boxes(init) && walk.boxes(segment);
}

}  // namespace tongke::av
