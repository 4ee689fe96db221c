#include "relay/session/publisher_role.hpp"

#include <algorithm>
#include <utility>

#include "common/log/sparse.hpp"
#include "common/time/ticks.hpp"

namespace tongke::relay {
namespace {

using namespace std::chrono_literals;

constexpr int kFaultsInARow = 200;
// A gap of a tenth of a second between frames is told from what reading by the clock makes.
constexpr Milliseconds kLongestRest{50};
// Pictures come every 40 ms: to look for them more often wakes for nothing.
constexpr Milliseconds kWorthWaiting{40};

}  // namespace

bool PublisherRole::on_media(rtmp::MediaReceived media, SteadyTime arrival, SessionMetrics& metrics) {
    auto frame = ingest_.on_media(std::move(media), arrival);
    if (!frame) {
        ++faults_;
        log::sparse(log::Level::warn, "rtmp", "bad_media", "publish {}: {}", stream_.name(),
                    frame.error().message());
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

async::Timer* PublisherRole::rest() {
    const Milliseconds merge{stream_.options().merge_ms};
    if (merge < kWorthWaiting) return nullptr;
    const auto now = std::chrono::steady_clock::now();
    const auto rests = (merge + kLongestRest - 1ms) / kLongestRest;
    // Where they do not divide it evenly the flush's own time is kept all the same.
    rest_.expires_at(std::min(next_tick(now, merge), next_tick(now, SteadyTime::duration{merge} / rests)));
    return &rest_;
}

}  // namespace tongke::relay
