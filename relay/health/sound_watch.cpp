#include "relay/health/sound_watch.hpp"

#include <algorithm>
#include <vector>

#include "common/signal/look.hpp"

namespace tongke::relay {
namespace {

constexpr double kSilent = -60;     // dBFS
constexpr double kSpoken = -50;     // speech is louder than this
constexpr double kSpeechRises = 6;  // dB between its quiet and its loud tenth, with a fan in the room
constexpr std::int64_t kRememberedMs = 10'000;
constexpr std::size_t kFewLevels = 100;
constexpr std::int64_t kListenEveryMs = 1000;

}  // namespace

void SoundWatch::hear(Channels channels, std::int64_t at_ms) {
    double loudest = -120;
    std::array<double, 2> sides{-120, -120};
    for (std::size_t i = 0; i < channels.size(); ++i) {
        const auto level = signal::dbfs(channels[i]);
        loudest = std::max(loudest, level);
        if (i < sides.size()) sides[i] = level;
    }
    silence_.look(loudest < kSilent, at_ms);
    // Where the other side is not clearly heard, this one tells nothing: who speaks pauses.
    for (std::size_t i = 0; i < sides.size(); ++i)
        if (channels.size() == 2 && loudest >= kSpoken) sides_[i].look(sides[i] < kSilent, at_ms);
    levels_.push_back({at_ms, loudest});
    while (!levels_.empty() && levels_.front().at_ms < at_ms - kRememberedMs) levels_.pop_front();
    newest_ms_ = at_ms;
    listen_for_voice(at_ms);
}

void SoundWatch::listen_for_voice(std::int64_t at_ms) {
    if (levels_.size() < kFewLevels || (listened_ms_ && at_ms - *listened_ms_ < kListenEveryMs)) return;
    listened_ms_ = at_ms;
    std::vector<double> sorted;
    for (const auto& level : levels_) sorted.push_back(level.dbfs);
    std::sort(sorted.begin(), sorted.end());
    const auto quiet = sorted[sorted.size() / 10], loud = sorted[sorted.size() * 9 / 10];
    if (loud >= kSpoken && loud - quiet >= kSpeechRises) voice_ms_ = at_ms;
}

std::optional<Milliseconds> SoundWatch::since_voice() const {
    if (!voice_ms_) return std::nullopt;
    return Milliseconds{newest_ms_ - *voice_ms_};
}

void SoundWatch::forget() {
    silence_.forget();
    for (auto& side : sides_) side.forget();
    levels_.clear();
    listened_ms_.reset();
    voice_ms_.reset();
}

}  // namespace tongke::relay
