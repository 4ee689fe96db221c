// The telemetry spool: every event and test record of this node, on disk
// before it is shown to anybody, kept until the relay acknowledged it, and
// after that for the local API while there is room. Lives on the I/O thread;
// files are written on the disk thread through the two executors given.
// A record's id is (boot, seq): seq counts from 1 in each boot.
#pragma once
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace tongke::telemetry {

enum class RecordKind { event, test };

struct SpoolRecord {
    std::string boot;
    std::uint64_t seq = 0;
    RecordKind kind = RecordKind::event;
    std::string room;
    std::string key;   // the maker's own id, so that a replay after a restart adds nothing twice; may be ""
    std::string json;  // a RoomEvent or LiveTest; boot and seq are set in it by the spool
};

struct SpoolOptions {
    std::filesystem::path folder;
    std::string boot;                         // random hex of this process start
    std::uint64_t bound_bytes = 64ULL << 20;  // acknowledged records go first, oldest first
    std::uint64_t file_bytes = 1ULL << 20;
};

/// Runs a function on a thread: the disk thread, or back on the I/O thread.
using Executor = std::function<void(std::function<void()>)>;

class Spool {
  public:
    using Done = std::function<void(Result<std::uint64_t> seq)>;
    struct Health {
        bool writable = true;  // false: disk full or failing; what is stored stays
        std::string problem;   // "" when fine
        std::uint64_t torn = 0, corrupt = 0, refused = 0;
    };

    /// Opens the folder on the calling thread (start-up). Throws when it cannot be read at all.
    Spool(SpoolOptions options, Executor on_disk, Executor on_io);
    ~Spool();
    Spool(const Spool&) = delete;

    const std::string& boot() const;
    /// `make` gets the seq and returns the record's JSON. `done` follows once it is on disk, or with the
    /// error.
    void append(RecordKind kind, std::string room, std::string key,
                const std::function<std::string(std::uint64_t seq)>& make, Done done = {});
    /// Writes again what a failing disk refused. Call now and then; append does too.
    void retry();
    /// Was a record with this key ever stored (and is still kept)?
    bool has_key(const std::string& key) const;

    struct Batch {
        std::string boot;
        std::uint64_t first_seq = 0, last_seq = 0;
        std::vector<SpoolRecord> records;
    };
    /// Durable, unacknowledged records of ONE boot, the oldest such boot first; empty when none.
    std::optional<Batch> unacknowledged(std::size_t max_records = 200,
                                        std::size_t max_bytes = 256 * 1024) const;
    /// Everything of this boot up to and including seq has reached the relay. Kept on disk.
    void acknowledge(const std::string& boot, std::uint64_t seq);
    std::size_t unacknowledged_count() const;  // tongke_telemetry_spooled
    /// Has the form of a cursor, whatever it points to.
    static bool is_cursor(std::string_view text);
    /// GET …/events?after=: records of the room after the cursor "BOOT:SEQ" ("" = all), oldest first.
    /// A cursor that is gone or foreign starts from the oldest kept.
    struct Page {
        std::vector<SpoolRecord> records;
        std::string next;
    };
    Page after(const std::string& room, const std::string& cursor, RecordKind kind,
               std::size_t max = 500) const;
    std::vector<SpoolRecord> all(RecordKind kind) const;
    Health health() const;
    /// `stopped` is called on the I/O thread when every write has ended.
    void stop(std::function<void()> stopped);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tongke::telemetry
