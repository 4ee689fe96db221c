#include <fmt/core.h>

#include <array>

#include "common/base/byte_reader.hpp"
#include "common/media/flv.hpp"

namespace tongke::flv {
namespace {

/// Bits from the front, failure sticky, zeros past the end.
class BitReader {
  public:
    explicit BitReader(ByteView bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    unsigned bit() {
        if (at_ / 8 >= bytes_.size()) {
            ok_ = false;
            return 0;
        }
        const auto value = bytes_[at_ / 8] >> (7 - at_ % 8) & 1;
        ++at_;
        return static_cast<unsigned>(value);
    }
    std::uint32_t bits(int count) {
        std::uint32_t value = 0;
        while (count-- > 0) value = value << 1 | bit();
        return value;
    }
    /// Exp-Golomb, ISO/IEC 14496-10 9.1.
    std::uint32_t ue() {
        int zeros = 0;
        while (ok_ && bit() == 0) ++zeros;
        if (zeros > 31) ok_ = false;
        return ok_ ? (1u << zeros) - 1 + bits(zeros) : 0;
    }
    std::int32_t se() {
        const auto code = ue();
        const auto magnitude = static_cast<std::int32_t>(code / 2 + code % 2);
        return code % 2 ? magnitude : -magnitude;
    }

  private:
    ByteView bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

/// Drops the emulation prevention byte of each 00 00 03.
Bytes raw_payload(ByteView nal) {
    Bytes out;
    int zeros = 0;
    for (const auto byte : nal) {
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        out.push_back(byte);
    }
    return out;
}

void skip_scaling_list(BitReader& in, int size) {
    int last = 8, next = 8;
    for (int i = 0; i < size && in.ok(); ++i) {
        if (next != 0) next = static_cast<int>((static_cast<std::int64_t>(last) + in.se() + 256) % 256);
        if (next != 0) last = next;
    }
}

/// chroma_format_idc and what follows it in the high profiles (7.3.2.1.1).
unsigned high_profile_fields(BitReader& in) {
    const auto chroma = in.ue();
    if (chroma > 3) return 4;
    if (chroma == 3) in.bit();
    in.ue();
    in.ue();
    in.bit();
    if (in.bit()) {
        for (int i = 0; i < (chroma == 3 ? 12 : 8); ++i) {
            if (in.bit()) skip_scaling_list(in, i < 6 ? 16 : 64);
        }
    }
    return chroma;
}

void skip_picture_order(BitReader& in) {
    const auto type = in.ue();
    if (type == 0) in.ue();
    if (type != 1) return;
    in.bit();
    in.se();
    in.se();
    const auto cycle = in.ue();
    for (std::uint32_t i = 0; i < cycle && i < 256 && in.ok(); ++i) in.se();
}

bool has_chroma_format(unsigned profile) {
    constexpr std::array kProfiles{100u, 110u, 122u, 244u, 44u, 83u, 86u, 118u, 128u, 138u, 139u, 134u, 135u};
    for (const auto known : kProfiles) {
        if (profile == known) return true;
    }
    return false;
}

struct PictureSize {
    int width = 0;
    int height = 0;
};

Result<PictureSize> parse_sps(ByteView nal) {
    const auto raw = raw_payload(nal);
    BitReader in(raw);
    in.bits(8);
    const auto profile = in.bits(8);
    in.bits(16);
    in.ue();
    const unsigned chroma = has_chroma_format(profile) ? high_profile_fields(in) : 1;
    in.ue();
    skip_picture_order(in);
    in.ue();
    in.bit();
    const std::int64_t columns = std::int64_t{in.ue()} + 1;
    const std::int64_t rows = std::int64_t{in.ue()} + 1;
    const int frame_only = static_cast<int>(in.bit());
    if (!frame_only) in.bit();
    in.bit();
    std::array<std::int64_t, 4> crop{};  // left, right, top, bottom
    if (in.bit()) {
        for (auto& side : crop) side = in.ue();
    }
    if (!in.ok() || chroma > 3) return Errc::malformed_config;
    const int unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    const int unit_y = (chroma == 1 ? 2 : 1) * (2 - frame_only);
    const auto width = columns * 16 - unit_x * (crop[0] + crop[1]);
    const auto height = rows * 16 * (2 - frame_only) - unit_y * (crop[2] + crop[3]);
    if (width < 1 || height < 1 || width > 16384 || height > 16384) return Errc::malformed_config;
    return PictureSize{static_cast<int>(width), static_cast<int>(height)};
}

std::uint32_t object_type(BitReader& in) {
    const auto type = in.bits(5);
    return type == 31 ? 32 + in.bits(6) : type;
}

int sample_rate(BitReader& in) {
    constexpr std::array kRates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                22050, 16000, 12000, 11025, 8000,  7350};
    const auto index = in.bits(4);
    if (index == 15) return static_cast<int>(in.bits(24));
    return index < kRates.size() ? kRates[index] : 0;
}

}  // namespace

std::string AvcConfig::codecs() const {
    return fmt::format("avc1.{:02x}{:02x}{:02x}", profile, compatibility, level);
}

std::string AudioConfig::codecs() const { return fmt::format("mp4a.40.{}", object_type); }

Result<AvcConfig> parse_avc_config(ByteView record) {
    ByteReader in(record);
    const auto version = in.u8();
    AvcConfig config;
    config.profile = in.u8();
    config.compatibility = in.u8();
    config.level = in.u8();
    config.nal_length_size = (in.u8() & 3) + 1;
    const auto count = in.u8() & 0x1F;
    const auto sps = in.take(in.u16());
    if (!in.ok() || version != 1 || count == 0 || config.nal_length_size == 3) return Errc::malformed_config;
    const auto size = parse_sps(sps);
    if (!size) return size.error();
    config.width = size->width;
    config.height = size->height;
    return config;
}

Result<AudioConfig> parse_audio_config(ByteView bytes) {
    constexpr std::array kChannels{2, 1, 2, 3, 4, 5, 6, 8};  // 0: in the stream itself, taken as stereo
    constexpr std::uint32_t kSbr = 5, kPs = 29;
    BitReader in(bytes);
    AudioConfig config;
    const auto type = object_type(in);
    config.object_type = static_cast<int>(type);
    config.sample_rate = sample_rate(in);
    const auto channels = in.bits(4);
    if (type == kSbr || type == kPs) {
        sample_rate(in);
        object_type(in);
    }
    const bool short_frames = in.bit() != 0;
    config.samples_per_frame = short_frames ? 960 : 1024;
    if (!in.ok() || type == 0 || config.sample_rate < 1000 || channels >= kChannels.size())
        return Errc::malformed_config;
    config.channels = kChannels[channels];
    return config;
}

Result<SharedTrack> describe(TrackKind kind, ByteView config) {
    auto track = std::make_shared<TrackDescription>();
    track->kind = kind;
    if (kind == TrackKind::video) {
        const auto avc = parse_avc_config(config);
        if (!avc) return avc.error();
        track->codec = Codec::h264;
        track->width = avc->width;
        track->height = avc->height;
    } else {
        const auto audio = parse_audio_config(config);
        if (!audio) return audio.error();
        track->codec = Codec::aac;
        track->sample_rate = audio->sample_rate;
        track->channels = audio->channels;
    }
    track->decoder_config = share(Bytes(config.begin(), config.end()));
    return SharedTrack(std::move(track));
}

}  // namespace tongke::flv
