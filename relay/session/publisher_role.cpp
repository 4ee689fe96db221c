#include "relay/session/publisher_role.hpp"

#include <utility>

#include "common/log/log.hpp"

namespace tongke::relay {
namespace {

constexpr int kFaultsInARow = 200;

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

}  // namespace tongke::relay
