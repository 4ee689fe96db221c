#include "common/av/mpegts.hpp"

#include <algorithm>
#include <vector>

#include "common/av/error.hpp"
#include "common/av/muxer.hpp"

namespace tongke::av {
namespace {

constexpr std::size_t kPacket = 188;
constexpr std::uint8_t kSync = 0x47;

/// In the order of their decoding, picture before sound at the same moment: a
/// transport stream has one order for both.
std::vector<const Sample*> interleaved(const Tracks& tracks, std::span<const Sample> samples) {
    std::vector<const Sample*> order;
    for (const auto& sample : samples) order.push_back(&sample);
    const std::int64_t rate = tracks.audio ? std::max(1, tracks.audio->sample_rate) : 1;
    const auto at = [rate](const Sample* s) {
        return s->kind == TrackKind::video
                   ? s->dts
                   : s->dts / rate * kVideoTimescale + s->dts % rate * kVideoTimescale / rate;
    };
    std::stable_sort(order.begin(), order.end(), [&](const Sample* a, const Sample* b) {
        return at(a) != at(b) ? at(a) < at(b) : a->kind == TrackKind::video && b->kind == TrackKind::audio;
    });
    return order;
}

}  // namespace

Result<Bytes> TsMuxer::mux(const Tracks& tracks, std::span<const Sample> samples) {
    if (samples.empty()) return Error{Errc::bad_sample};
    Muxer muxer;
    if (auto opened = muxer.open("mpegts", tracks, nullptr); !opened) return opened.error();
    for (const auto* sample : interleaved(tracks, samples))
        if (auto written = muxer.write(*sample); !written) return written.error();
    if (auto flushed = muxer.flush(); !flushed) return flushed.error();
    auto bytes = muxer.take();
    if (bytes.empty() || bytes.size() % kPacket != 0 || bytes[0] != kSync) return Error{Errc::muxer_failed};
    count_on(bytes);
    return bytes;
}

/// continuity_counter (2.4.3.3) rises with each packet of its PID that has a payload.
void TsMuxer::count_on(Bytes& packets) {
    for (std::size_t at = 0; at < packets.size(); at += kPacket) {
        const int pid = (packets[at + 1] & 0x1F) << 8 | packets[at + 2];
        auto& next = next_counter_[pid];
        const bool has_payload = (packets[at + 3] & 0x10) != 0;
        const auto counter = static_cast<std::uint8_t>((has_payload ? next : next + 15) & 0x0F);
        packets[at + 3] = static_cast<std::uint8_t>((packets[at + 3] & 0xF0) | counter);
        if (has_payload) next = static_cast<std::uint8_t>((next + 1) & 0x0F);
    }
}

}  // namespace tongke::av
