// FLV tag bodies, which RTMP carries as audio and video messages, and FLV
// files: parsed from untrusted bytes without I/O. H.264 and AAC only; every
// other codec is named so that a refusal can say what arrived.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"
#include "common/media/frame.hpp"

namespace tongke::flv {

enum class Errc {
    truncated = 1,
    unsupported_codec,
    unsupported_packet,
    malformed_config,
    not_flv,
    tag_too_long
};
Error make_error_code(Errc code);

enum class Packet : std::uint8_t { sequence_header, coded, end_of_sequence, ignorable };

struct VideoTag {
    Packet packet = Packet::coded;
    bool keyframe = false;
    Codec codec = Codec::h264;
    std::int32_t cts_ms = 0;
    std::uint32_t offset = 0;  // where NAL units or the decoder configuration begin
};
struct AudioTag {
    Packet packet = Packet::coded;
    Codec codec = Codec::aac;
    std::uint32_t offset = 0;
};

/// Classic and enhanced (avc1, mp4a) spellings. Command frames are `ignorable`.
Result<VideoTag> parse_video_tag(ByteView body);
Result<AudioTag> parse_audio_tag(ByteView body);
/// What either tag is, for those who need no more.
Result<Packet> classify(TrackKind kind, ByteView body);
/// True for what CONTRACT.md §4 numbers: coded audio and video, no sequence headers.
bool is_frame(TrackKind kind, ByteView body);
/// The codec in words, for a refusal: "hvc1", "video codec id 12", "mp3" …
std::string codec_name(TrackKind kind, ByteView body);
/// Rewrites an enhanced avc1 or mp4a body to the classic header, which every
/// player reads; a classic one is left alone.
void to_classic(TrackKind kind, Bytes& body);

/// The bodies of coded frames, classic spelling.
inline constexpr std::uint32_t kVideoBodyOffset = 5;
inline constexpr std::uint32_t kAudioBodyOffset = 2;
Bytes video_body(bool keyframe, std::int32_t cts_ms, ByteView avcc);
Bytes audio_body(ByteView aac);

struct AvcConfig {
    std::uint8_t profile = 0;
    std::uint8_t compatibility = 0;
    std::uint8_t level = 0;
    int nal_length_size = 4;
    int width = 0;
    int height = 0;
    /// "avc1.64001f"
    std::string codecs() const;
};
/// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3), size from its first SPS.
Result<AvcConfig> parse_avc_config(ByteView record);

struct AudioConfig {
    int object_type = 2;  // AAC-LC
    int sample_rate = 0;
    int channels = 0;
    int samples_per_frame = 1024;
    /// "mp4a.40.2"
    std::string codecs() const;
};
/// AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1).
Result<AudioConfig> parse_audio_config(ByteView config);

/// The description made from a sequence header's body (after `offset`).
Result<SharedTrack> describe(TrackKind kind, ByteView config);

/// One tag of an FLV file.
struct FileTag {
    std::uint8_t type = 0;  // 8 audio, 9 video, 18 data
    std::uint32_t timestamp = 0;
    Bytes body;
};

/// Reads an FLV file piece by piece.
class FileReader {
  public:
    Result<std::vector<FileTag>> feed(ByteView input);

  private:
    Bytes pending_;
    bool header_read_ = false;
};

void append_file_header(Bytes& out, bool audio, bool video);
void append_file_tag(Bytes& out, std::uint8_t type, std::uint32_t timestamp, ByteView body);

}  // namespace tongke::flv

template <>
struct boost::system::is_error_code_enum<tongke::flv::Errc> : std::true_type {};
