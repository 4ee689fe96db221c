// Makes the test channel's frames, picture and sound, in the order of their
// times (QOE.md 5). No thread and no clock of its own: whoever calls it paces
// it. Blocks for as long as the encoders compute.
#pragma once
#include <memory>
#include <vector>

#include "common/av/encoder.hpp"
#include "common/signal/test_card.hpp"
#include "relay/stream/stream.hpp"
#include "relay/test_channel/pace.hpp"

namespace tongke::relay {

struct TestChannelOptions {
    int width = 1280;
    int height = 720;
    int fps = 25;
    int bitrate_kbps = 2500;  // picture and sound together
};

class Generator {
  public:
    static Result<std::unique_ptr<Generator>> open(const TestChannelOptions& options);

    /// The picture that is due and the sound up to its end. `digits`: "" = none shown.
    Result<std::vector<IngestFrame>> make(const Pace& pace, const Pace::Due& due, const std::string& digits);

  private:
    Generator(const TestChannelOptions& options, std::unique_ptr<av::VideoEncoder> video,
              std::unique_ptr<av::AudioEncoder> audio);
    Result<void> sound_until(const Pace& pace, std::int64_t sample, SteadyTime arrival,
                             std::vector<IngestFrame>& out);

    const TestChannelOptions options_;
    std::unique_ptr<av::VideoEncoder> video_;
    std::unique_ptr<av::AudioEncoder> audio_;
    signal::TestCard card_;
    std::int64_t next_sample_ = 0;
};

}  // namespace tongke::relay
