// Packages one stream for HLS, in fMP4 and in TS: a reader of the stream's log on one worker's
// view (the stream's home), whose finished segments go to the HlsService.
// Owned by the program; attached and detached on that worker.
#pragma once
#include <string>

#include "common/hls/packager.hpp"
#include "relay/http/hls_service.hpp"
#include "relay/stream/stream_view.hpp"

namespace tongke::relay {

class HlsFeed final : public FrameReader {
  public:
    HlsFeed(HlsService& service, std::string stream)
        : service_(service),
          stream_(std::move(stream)),
          packager_([this](hls::SharedSegment segment) { service_.publish(stream_, std::move(segment)); },
                    {hls::Container::fmp4, hls::Container::ts}) {}

    void on_frame(const SharedFrame& frame) override { packager_.on_frame(frame); }
    void on_stream_ended() override {
        packager_.finish();
        service_.stream_ended(stream_);
    }
    hls::Packager::Counts counts() const { return packager_.counts(); }

  private:
    HlsService& service_;
    std::string stream_;
    hls::Packager packager_;
};

}  // namespace tongke::relay
