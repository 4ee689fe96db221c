#include "relay/session/publisher_role.hpp"

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
    stream_.post([id = id_, frame = std::move(**frame)](Stream& stream) { stream.append(id, frame); });
    return true;
}

}  // namespace tongke::relay
