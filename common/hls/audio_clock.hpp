// Times AAC frames by counting samples: FLV knows only milliseconds, and a
// frame of 1024 samples at 48 kHz lasts 21.33 of them; timestamps taken over
// one by one click and drift over six hours (TRAPS.md §3). Rounding is averaged
// out; a slow drift between the encoder's two clocks is followed a few samples
// at a time; only a real gap re-synchronises. Pure; one per audio track.
#pragma once
#include <cstdint>
#include <optional>

namespace tongke::hls {

class AudioClock {
  public:
    AudioClock(int sample_rate, int samples_per_frame)
        : sample_rate_(sample_rate), samples_per_frame_(samples_per_frame) {}

    /// Position of the next frame in samples from the timeline's zero. Empty: the
    /// frame is more sound than there is time for and must be left out.
    std::optional<std::int64_t> place(std::int64_t dts_ms);
    /// The timeline jumped: the next frame's timestamp is believed.
    void reset() { next_.reset(); }

    std::uint64_t resyncs() const { return resyncs_; }

  private:
    int sample_rate_;
    int samples_per_frame_;
    std::optional<std::int64_t> next_;  // samples
    double error_ = 0;                  // smoothed, samples by which timestamps are ahead of the count
    std::uint64_t resyncs_ = 0;
};

}  // namespace tongke::hls
