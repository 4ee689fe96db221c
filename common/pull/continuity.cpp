#include "common/pull/continuity.hpp"

#include <algorithm>

namespace tongke::pull {

Continuity::Continuity(std::optional<UpstreamProgress> progress) : progress_(std::move(progress)) {}

std::optional<std::int64_t> Continuity::last_relay_msn() const {
    if (!last_) return std::nullopt;
    return *last_ - progress_->msn_offset;
}

Continuity::Outcome Continuity::pass(hls::SharedSegment segment) {
    if (!progress_) progress_ = UpstreamProgress{segment->run, segment->msn - 1, 0};
    auto& at = *progress_;
    const bool same_run = segment->run == at.run;
    if (last_ && same_run && segment->msn + at.msn_offset <= *last_) return {};
    bool discontinuity = segment->discontinuity;
    if (!same_run && segment->msn + at.msn_offset <= at.last_msn) {
        at.msn_offset = at.last_msn + 1 - segment->msn;
        discontinuity = true;
    }
    const auto msn = segment->msn + at.msn_offset;
    const bool hole = last_ && msn > *last_ + 1;
    // Over a relay's restart numbers jump because they are reserved in blocks: nothing was missed.
    const auto missed = hole && same_run ? static_cast<std::uint64_t>(msn - *last_ - 1) : 0;
    discontinuity = discontinuity || hole;
    last_ = msn;
    at.last_msn = std::max(at.last_msn, msn);
    at.run = segment->run;
    if (msn != segment->msn || discontinuity != segment->discontinuity) {
        auto copy = std::make_shared<hls::Segment>(*segment);
        copy->msn = msn;
        copy->discontinuity = discontinuity;
        segment = std::move(copy);
    }
    return {std::move(segment), missed};
}

}  // namespace tongke::pull
