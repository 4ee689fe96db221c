#include "player/qoe/episode.hpp"

#include <algorithm>

namespace tongke::qoe {

namespace {
constexpr std::size_t kPartsKept = 64;
}

std::optional<Episode> EpisodeMerger::begin(Micros at, double buffered_s,
                                            std::optional<std::int64_t> media_pdt) {
    auto over = settle(at);
    if (!episode_)
        episode_ = Episode{.begin = at, .end = at, .buffered_s = buffered_s, .media_pdt = media_pdt};
    raw_begin_ = at;
    return over;
}

bool EpisodeMerger::announce(Micros now) {
    if (!episode_ || episode_->announced || stalled(now) < definition_.counted) return false;
    return episode_->announced = true;
}

void EpisodeMerger::end(Micros at) {
    if (!raw_begin_) return;
    at = std::max(at, *raw_begin_);
    episode_->stalled += at - *raw_begin_;
    episode_->end = at;
    if (episode_->parts.size() == kPartsKept) episode_->parts.erase(episode_->parts.begin());
    episode_->parts.emplace_back(*raw_begin_, at);
    raw_begin_.reset();
}

std::optional<Episode> EpisodeMerger::settle(Micros now) {
    if (!episode_ || raw_begin_ || now - episode_->end < definition_.merge_gap) return {};
    return take();
}

std::optional<Episode> EpisodeMerger::close(Micros at) {
    if (!episode_) return {};
    end(at);
    return take();
}

Micros EpisodeMerger::stalled(Micros now) const {
    if (!episode_) return Micros{0};
    return episode_->stalled + (raw_begin_ ? std::max(Micros{0}, now - *raw_begin_) : Micros{0});
}

std::optional<Episode> EpisodeMerger::take() {
    auto over = std::move(episode_);
    episode_.reset();
    return over;
}

}  // namespace tongke::qoe
