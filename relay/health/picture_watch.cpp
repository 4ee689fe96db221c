#include "relay/health/picture_watch.hpp"

namespace tongke::relay {
namespace {

constexpr double kBlackShare = 0.98;
// Pictures this far apart are compared: what moves slowly has moved by then.
constexpr std::int64_t kCompareMs = 400;
// Levels of brightness by which some cell differs. Measured on frozen pictures through x264 at half the
// bitrate that they would need: up to 5 within a group once it has settled, up to 12 from keyframe to
// keyframe.
constexpr double kMovedInGroup = 6;
constexpr double kMovedAtKeyframe = 16;

}  // namespace

void PictureWatch::see(const LumaView& picture, std::int64_t pts_ms, bool keyframe) {
    black_.look(signal::dark_share(picture) >= kBlackShare, pts_ms);
    const auto cells = signal::cells_of(picture);
    still_.look(!moved(cells, pts_ms, keyframe), pts_ms);
}

bool PictureWatch::moved(const signal::Cells& cells, std::int64_t pts_ms, bool keyframe) {
    if (keyframe) {
        const auto differs = [&](const Seen& before) {
            return signal::largest_change(before.cells, cells) > kMovedAtKeyframe;
        };
        const bool jumped = !keyframe_ || differs(group_.empty() ? *keyframe_ : group_.back());
        // Too slowly for the group to tell; what moved before it stood still does not count.
        const bool drifted = keyframe_ && still_.held_since(keyframe_->pts_ms) && differs(*keyframe_);
        keyframe_ = Seen{pts_ms, cells};
        group_.clear();
        return jumped || drifted;
    }
    group_.push_back({pts_ms, cells});
    while (group_.size() > 1 && group_[1].pts_ms <= pts_ms - kCompareMs) group_.pop_front();
    const auto& earlier = group_.front();
    return earlier.pts_ms <= pts_ms - kCompareMs &&
           signal::largest_change(earlier.cells, cells) > kMovedInGroup;
}

void PictureWatch::forget() {
    black_.forget();
    still_.forget();
    keyframe_.reset();
    group_.clear();
}

}  // namespace tongke::relay
