#include "relay/session/publisher_role.hpp"

#include <algorithm>
#include <utility>

#include "common/async/ticks.hpp"
#include "common/log/log.hpp"

namespace tongke::relay {
namespace {

using namespace std::chrono_literals;

constexpr int kFaultsInARow = 200;
// Gaps and faults of a publisher are to be known to a tenth of a second.
constexpr Milliseconds kLongestRest{100};

}  // namespace

bool PublisherRole::on_media(rtmp::MediaReceived media, SteadyTime arrival, SessionMetrics& metrics) {
    auto frame = ingest_.on_media(std::move(media), arrival);
    if (!frame) {
        if (faults_++ == 0) log::warn("rtmp", "publish {}: {}", stream_.name(), frame.error().message());
        metrics.refused("bad_media");
        return faults_ < kFaultsInARow;
    }
    if (!*frame) return true;
    faults_ = 0;
    ++frames_;
    taken_.push_back(std::move(**frame));
    return true;
}

void PublisherRole::deliver() {
    if (taken_.empty()) return;
    stream_.post(
        [id = id_, frames = std::exchange(taken_, {})](Stream& stream) { stream.append(id, frames); });
}

async::Timer* PublisherRole::rest(std::size_t count) {
    const std::chrono::microseconds merge = Milliseconds{stream_.options().merge_ms};
    if (merge.count() == 0) return nullptr;
    // A whole number of rests is one merge.
    const auto rest = merge / ((merge + kLongestRest - 1us) / kLongestRest);
    const auto now = std::chrono::steady_clock::now();
    // A socket that fills up sooner is read sooner.
    const auto share = static_cast<double>(kReadAtOnce) / static_cast<double>(std::max(count, kReadAtOnce));
    const auto soon = now + std::chrono::duration_cast<SteadyTime::duration>(rest * share);
    rest_.expires_at(std::min(async::next_tick(now, rest), soon));
    return &rest_;
}

}  // namespace tongke::relay
