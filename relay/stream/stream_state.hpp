// What must survive a restart of the relay so that nothing ever goes backwards:
// frame numbers, media sequence numbers and TARGETDURATION (CONTRACT.md 4, 5).
// Numbers are reserved on disk in blocks before they are used; a restart goes
// on above the reservation. One file per stream, data_dir/streams/NAME.json,
// replaced atomically and synced; NAME.json.new keeps the room for it, so that
// numbers are reserved on a full disk too.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
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

/// The file on disk. Any thread; calls block.
class StateFile {
  public:
    explicit StateFile(std::filesystem::path path) : path_(std::move(path)) {}
    /// All zero when there is no file; an error when there is one that cannot be used.
    Result<ReservedNumbers> load();
    /// Writes the higher of each number and of what is on disk; returns once it is there.
    Result<void> raise(const ReservedNumbers& numbers);

  private:
    std::filesystem::path path_;
    std::mutex mutex_;
    ReservedNumbers on_disk_;
};

/// Hands out numbers that are reserved. Home worker only.
class StreamState {
  public:
    struct Disk {
        std::function<void(const ReservedNumbers&)> now;  // blocks
        std::function<void(const ReservedNumbers&, std::function<void()> done)>
            soon;  // done on the home worker
    };
    StreamState(ReservedNumbers loaded, Disk disk);

    /// The first frame number of a run: unix_ms x 256, above any before.
    std::int64_t first_frame(std::int64_t unix_ms);
    std::int64_t take_frame();
    std::int64_t take_msn();
    /// None above this has been handed out or followed, also in earlier lives.
    std::int64_t reserved_msn() const { return reserved_.msn; }
    /// Numbers that another relay gave: what is handed out later is above them.
    void follow(std::int64_t frame, std::optional<std::int64_t> msn);
    void set_target_duration(int seconds);
    std::optional<int> target_duration() const { return reserved_.target_duration; }
    /// True when an earlier run of this stream was ever served.
    bool had_earlier_run() const { return had_earlier_run_; }

  private:
    /// Reserves more in good time, so that the disk is not waited for.
    void refill();

    ReservedNumbers reserved_;
    std::int64_t next_frame_ = 0;
    std::int64_t next_msn_ = 0;
    bool had_earlier_run_;
    bool refilling_ = false;
    Disk disk_;
};

}  // namespace tongke::relay
