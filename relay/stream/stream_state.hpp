// What must survive a restart of the relay so that nothing ever goes backwards:
// frame numbers, media sequence numbers and TARGETDURATION (CONTRACT.md 4, 5).
// Numbers are reserved on disk in blocks before they are used; a restart goes
// on above the reservation. One file per stream, data_dir/streams/NAME.json,
// replaced atomically and synced. Home worker only; the writer may block.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "common/base/result.hpp"

namespace tongke::relay {

inline constexpr std::int64_t kFrameBlock = 65'536;  // 256 ms of the clock that first numbers come from
inline constexpr std::int64_t kMsnBlock = 16;

/// The file. Every number ever used is below these.
struct ReservedNumbers {
    std::int64_t frames = 0;
    std::int64_t msn = 0;
    std::optional<int> target_duration;  // seconds
    bool operator==(const ReservedNumbers&) const = default;
};

Result<ReservedNumbers> load_reserved(const std::filesystem::path& file);  // absent file: all zero
Result<void> save_reserved(const std::filesystem::path& file, const ReservedNumbers& numbers);

class StreamState {
  public:
    /// `save` writes to disk and returns once it is there (false: it is not).
    using Save = std::function<bool(const ReservedNumbers&)>;
    StreamState(ReservedNumbers loaded, Save save)
        : reserved_(loaded), next_msn_(loaded.msn), save_(std::move(save)) {}

    /// The first frame number of a run: unix_ms x 256, above any before.
    std::int64_t first_frame(std::int64_t unix_ms);
    std::int64_t take_frame();
    std::int64_t take_msn();
    void set_target_duration(int seconds);
    std::optional<int> target_duration() const { return reserved_.target_duration; }
    /// True when an earlier run of this stream was ever served.
    bool had_earlier_run() const { return reserved_.msn > 0; }

  private:
    void store();

    ReservedNumbers reserved_;
    std::int64_t next_frame_ = 0;
    std::int64_t next_msn_ = 0;
    Save save_;
};

}  // namespace tongke::relay
