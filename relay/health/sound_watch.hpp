// Whether a source's sound is silent, altogether or in one channel (QOE.md §3),
// and whether somebody speaks: then a picture that stands still is a slide.
// Pure: samples and milliseconds of the stream's timeline come in.
#pragma once
#include <array>
#include <deque>
#include <span>

#include "relay/health/spell.hpp"

namespace tongke::relay {

class SoundWatch {
  public:
    using Channels = std::span<const std::span<const float>>;
    void hear(Channels channels, std::int64_t at_ms);
    void forget();

    const Spell& silence() const { return silence_; }
    /// Silence in one of two channels while the other is heard.
    const Spell& left() const { return sides_[0]; }
    const Spell& right() const { return sides_[1]; }
    /// How long ago the loudness last rose and fell as speech and music do, which a tone and a hum do not;
    /// none: never.
    std::optional<Milliseconds> since_voice() const;

  private:
    struct Level {
        std::int64_t at_ms = 0;
        double dbfs = 0;
    };
    static constexpr std::chrono::seconds kSilence{10};
    static constexpr Milliseconds kStep{100};
    void listen_for_voice(std::int64_t at_ms);

    Spell silence_{kSilence};
    // Only the time while the other side is heard counts.
    std::array<Spell, 2> sides_{Spell{kSilence, kStep}, Spell{kSilence, kStep}};
    std::deque<Level> levels_;  // of the last ten seconds, each some 20 ms long
    std::optional<std::int64_t> listened_ms_, voice_ms_;
    std::int64_t newest_ms_ = 0;
};

}  // namespace tongke::relay
