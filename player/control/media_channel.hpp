// One stream at the node: pulled once by its Upstream, presented to every
// classroom, measured in the arrival ledger. Media stays in memory only (A15).
// On the I/O thread; progress is written on the disk thread.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/hls/presentation.hpp"
#include "common/pull/upstream.hpp"
#include "player/control/control.hpp"
#include "player/qoe/ledger.hpp"
#include "player/qoe/virtual_player.hpp"

namespace tongke::player {

/// Known once the node is enrolled: asked for when the first pull begins.
struct ChannelSource {
    std::string stream;
    std::vector<std::string> urls;
};

struct ChannelOptions {
    std::function<ChannelSource()> source;
    std::string ca_file;
    std::filesystem::path progress_file;
    double latency_seconds = 8;
    /// Set: every pull begins that many seconds behind live, not where the one before it ended.
    std::function<double()> begin_back;
    std::function<std::string()> token;
    Executor on_disk;
};

class MediaChannel final : public pull::UpstreamSink {
  public:
    MediaChannel(boost::asio::io_context& io, const Clock& clock, ChannelOptions options);
    ~MediaChannel() override;
    MediaChannel(const MediaChannel&) = delete;

    /// Pull or rest; what is held stays served until it ages out.
    void want(bool pull);
    /// Ends a pull under way and begins another (see begin_back).
    void begin_anew();
    void answer(const http::Request& request, std::string_view path, http::Reply reply);
    void tick();
    void stop(std::function<void()> stopped);

    const qoe::Ledger& ledger() const { return ledger_; }
    const hls::Presentation& presentation() const { return presentation_; }
    pull::UpstreamStatus status() const;
    pull::UpstreamCounters counters() const;
    bool pulling() const { return running_; }
    std::optional<double> node_buffer(SteadyTime now) const;
    /// What arrived live (not fetched afterwards at the pull's begin) since `from`, for the virtual players.
    std::vector<qoe::Arrival> live_arrivals(SteadyTime from) const;
    /// Forward buffer a room still holds just before the next segment arrives (CONTRACT.md §3).
    double target_seconds() const;
    /// An older whole segment of the window, for measuring the link; null while there is none.
    hls::SharedSegment stored_segment() const;

    std::function<void(SteadyTime since, pull::LostReason)> on_lost_link;
    std::function<void(SteadyTime at)> on_back_link;

  private:
    void on_segment(hls::SharedSegment segment, const pull::SegmentArrival& arrival) override;
    void on_relay_answer(SteadyTime at, std::int64_t end_pdt_ms) override;
    void on_lost(SteadyTime since, pull::LostReason reason) override;
    void on_back(SteadyTime at) override;
    void on_progress(const pull::UpstreamProgress& progress) override;
    void settle();
    void follow_live(const qoe::Piece& piece, bool fetched_afterwards);

    boost::asio::io_context& io_;
    const Clock& clock_;
    ChannelOptions options_;
    std::string stream_;  // for the log
    hls::Presentation presentation_;
    qoe::Ledger ledger_;
    std::optional<qoe::ReferencePlayhead> reference_;
    std::optional<std::int64_t> first_live_msn_;  // of this pull
    std::unique_ptr<pull::Upstream> upstream_;
    bool wanted_ = false, running_ = false, stopping_ = false, ended_ = false;
    std::function<void()> on_stopped_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace tongke::player
