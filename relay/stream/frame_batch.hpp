// Frames on their way from a stream's home worker to every worker's view: one
// post for all that one flush sends, so that a worker is woken once for it
// (DESIGN.md 2.2: the flush follows the video frame, stretched by merge_ms).
// Pure; home worker only.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "common/media/frame.hpp"
#include "relay/stream/wire_log.hpp"

namespace tongke::relay {

struct WrittenFrame {
    LogEntry entry;
    SharedBlock block;
    SharedFrame frame;
};
using SharedBatch = std::shared_ptr<const std::vector<WrittenFrame>>;

class FrameBatch {
  public:
    explicit FrameBatch(Milliseconds merge) : merge_(merge) {}

    void add(WrittenFrame written, SteadyTime now) {
        due_ |= merge_ == Milliseconds{0}
                    ? written.entry.kind == TrackKind::video || now - last_ >= kAudioAlone
                    : turn(now) != turn(last_);
        gathered_.push_back(std::move(written));
    }
    /// What is gathered is to go now.
    bool due() const { return due_; }
    /// Null when there is nothing.
    SharedBatch take(SteadyTime now) {
        if (gathered_.empty()) return nullptr;
        last_ = now;
        due_ = false;
        return std::make_shared<const std::vector<WrittenFrame>>(std::exchange(gathered_, {}));
    }

  private:
    // Without pictures to follow, sound waits no longer than this.
    static constexpr Milliseconds kAudioAlone{60};
    /// By the clock (common/time/ticks.hpp), not by what went last: who is late once is not late ever after.
    SteadyTime::rep turn(SteadyTime time) const { return time.time_since_epoch() / merge_; }

    Milliseconds merge_;
    SteadyTime last_{};
    bool due_ = false;
    std::vector<WrittenFrame> gathered_;
};

}  // namespace tongke::relay
