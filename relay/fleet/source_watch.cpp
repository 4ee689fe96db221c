#include "relay/fleet/source_watch.hpp"

namespace tongke::relay {
namespace {

/// A sample comes once a second: anything shorter than two of them is not seen as silence.
constexpr auto kShortest = std::chrono::milliseconds{2200};
constexpr auto kKept = std::chrono::minutes{10};

}  // namespace

void SourceWatch::sample(std::int64_t newest_frame, WallTime now) {
    if (newest_frame <= frame_) return;
    if (frame_ != 0 && now - moved_ >= kShortest) gaps_.push_back({moved_, now});
    while (!gaps_.empty() && gaps_.front().end + kKept < now) gaps_.pop_front();
    frame_ = newest_frame;
    moved_ = now;
}

std::vector<SourceGap> SourceWatch::gaps(WallTime now) const {
    std::vector<SourceGap> out(gaps_.begin(), gaps_.end());
    if (frame_ != 0 && now - moved_ >= kShortest) out.push_back({moved_, now});
    return out;
}

}  // namespace tongke::relay
