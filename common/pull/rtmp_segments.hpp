// The segments of what an RTMP pull brings: packaged at the relay's marks, so that
// they have its boundaries, names and numbers, and when their frames came. Pure.
#pragma once
#include <map>
#include <optional>

#include "common/hls/packager.hpp"
#include "common/pull/rtmp_pull.hpp"

namespace tongke::pull {

class RtmpSegments final : public FrameSink {
  public:
    explicit RtmpSegments(PullSink& sink);

    void frame(const SharedFrame& frame) override;
    void numbers_begin_anew() override;

  private:
    struct Arrived {
        SteadyTime first{}, last{};
        std::int64_t bytes = 0;
    };
    void begin();
    void on_packaged(hls::SharedSegment segment);

    PullSink& sink_;
    std::optional<hls::Packager> packager_;
    std::int64_t open_msn_ = -1;
    std::map<std::int64_t, Arrived> arrived_;  // by msn
};

}  // namespace tongke::pull
