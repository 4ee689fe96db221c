// link: common_pull
// A hostile upstream's segments, through the index, libavformat's reader and the
// order of frames. The first two bytes say how much of the input is the init section.
#include <cstdint>

#include "common/pull/segment_frames.hpp"

namespace {

using namespace tongke;

struct Sink final : pull::FrameSink {
    void frame(const SharedFrame& frame) override {
        if (last && frame->number <= *last) __builtin_trap();
        last = frame->number;
        if (!frame->track || frame->payload->size() < frame->payload_offset) __builtin_trap();
    }
    void numbers_begin_anew() override { last.reset(); }
    std::optional<std::int64_t> last;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const ByteView input{data + 2, size - 2};
    const auto split = std::min<std::size_t>(input.size(), static_cast<std::size_t>(data[0] << 8 | data[1]));
    auto init = std::make_shared<hls::InitSection>();
    init->data = share_blob(Bytes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(split)));
    hls::Segment segment;
    segment.init = init;
    segment.run = "1";
    segment.target_duration = 2;
    segment.data = share_blob(Bytes(input.begin() + static_cast<std::ptrdiff_t>(split), input.end()));
    Sink sink;
    pull::SegmentFrames frames(sink);
    for (int i = 0; i < 3; ++i) {
        segment.msn += i == 1 ? 2 : 1;
        (void)frames.take(segment, SteadyTime{});
    }
    return 0;
}
