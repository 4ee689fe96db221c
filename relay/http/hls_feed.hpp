// Packages one stream for HLS in one container: a reader of the stream's log on one worker's
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
    HlsFeed(HlsService& service, std::string stream, hls::Container container)
        : service_(service),
          stream_(std::move(stream)),
          container_(container),
          packager_(
              [this](hls::SharedSegment segment) {
                  service_.publish(stream_, container_, std::move(segment));
              },
              container) {}

    void on_frame(const SharedFrame& frame) override { packager_.on_frame(frame); }
    void on_stream_ended() override {
        packager_.finish();
        service_.stream_ended(stream_, container_);
    }
    hls::Packager::Counts counts() const { return packager_.counts(); }

  private:
    HlsService& service_;
    std::string stream_;
    hls::Container container_;
    hls::Packager packager_;
};

}  // namespace tongke::relay
