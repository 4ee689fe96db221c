// Recorded beacons: CONTRACT.md §6 answers 204 only after a batch is on disk.
// After a restart the room's owner replays them, so that a stall that was open
// when the node died still ends once. Old files go by age. Same threads as Spool.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/time/clock.hpp"
#include "player/telemetry/spool.hpp"

namespace tongke::telemetry {

struct JournalRecord {
    WallTime arrival{};
    std::string room;
    std::string body;  // the batch as the page sent it
};

struct JournalOptions {
    std::filesystem::path folder;
    Milliseconds keep{15 * 60 * 1000};
    std::uint64_t bound_bytes = 64ULL << 20;
    std::uint64_t file_bytes = 1ULL << 20;
};

class Journal {
  public:
    Journal(JournalOptions options, Executor on_disk, Executor on_io);
    ~Journal();

    /// What was kept from before this start, oldest first; given once.
    std::vector<JournalRecord> take_recorded();
    /// Writes waiting at the same time share one sync. `done` on the I/O thread.
    void append(JournalRecord record, std::function<void(Result<void>)> done);
    void stop(std::function<void()> stopped);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tongke::telemetry
