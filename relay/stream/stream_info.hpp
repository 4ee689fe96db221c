// What the API says about a stream (GET /api/v1/streams), as plain values: a
// snapshot made on the stream's home worker, free to be read anywhere.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/time/clock.hpp"

namespace tongke::relay {

enum class Transport : std::uint8_t { rtmp, hls };
inline constexpr std::size_t kTransports = 2;

struct PublisherInfo {
    std::string address;
    std::string client;  // what it calls itself (flashVer)
    bool backup = false;
    WallTime since{};
    bool generated = false;  // the relay's own: gives way to whoever publishes from outside
};

struct FrameGaps {
    std::uint64_t over_100_ms = 0;  // gaps between arrivals of video frames since the start
    std::uint64_t over_500_ms = 0;
    std::uint64_t over_2_s = 0;
    double worst_s = 0;  // of the last minute or the one before
};

/// notice: may be meant so; warning: somebody should look; alarm: somebody must.
enum class AdvisoryLevel : std::uint8_t { notice, warning, alarm };

/// Something the operator should look at; `code` is stable, `text` Chinese.
struct Advisory {
    // two_encoders, keyframe_interval, timestamps, slate, upstream, av_skew, no_picture, no_sound;
    // of what is seen and heard: black, frozen, silence, silence_left, silence_right
    std::string code;
    std::string text;
    AdvisoryLevel level = AdvisoryLevel::warning;
    WallTime since{};
    std::optional<WallTime> until;  // none: now
};

/// none: nothing can stand in (yet); on: it stands in for a lost publisher. Switched off, only the silence of
/// a source without picture can.
enum class SlateState : std::uint8_t { none, ready, on };

struct StreamInfo {
    std::string name;
    bool live = false;  // a publisher is there, or was within grace_seconds
    SlateState slate = SlateState::none;
    std::optional<PublisherInfo> publisher;
    bool pulled = false;      // from another relay, which `publisher` then names
    std::string video_codec;  // RFC 6381: "avc1.64001f"; "" when there is none
    std::string audio_codec;
    int width = 0;
    int height = 0;
    std::uint64_t bitrate_bps = 0;  // both tracks, over the last seconds
    double fps = 0;
    double keyframe_interval_s = 0;
    bool b_frames = false;            // of the last seconds
    std::optional<double> av_skew_s;  // by how much sound comes before the picture it belongs to
    FrameGaps gaps;
    std::uint64_t timestamp_repairs = 0;
    std::array<int, kTransports> subscribers{};  // by Transport
    double log_span_s = 0;
    std::uint64_t log_bytes = 0;
    std::int64_t first_frame = 0;  // numbers held by the log; 0 when it is empty
    std::int64_t last_frame = 0;
    std::int64_t last_source_frame = 0;  // the newest that a publisher sent; 0 where the stream is pulled
    std::string run;
    int target_duration_s = 0;              // 0: not settled yet
    std::vector<Advisory> advisories;       // now
    std::vector<Advisory> past_advisories;  // the last that ended, the newest first
};

}  // namespace tongke::relay
