// What nodes reported, for good: events by (node, boot, seq), so that sending
// twice stores once, and live test records by id. Control thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/database.hpp"
#include "relay/fleet/telemetry.hpp"

namespace tongke::relay {

struct StoredEvent {
    std::int64_t position = 0;  // of arrival; rises
    std::string node;
    EventRecord event;
    std::optional<std::string> final_hop;  // the relay's verdict on a stall, once settled
    const std::string& hop() const { return final_hop ? *final_hop : event.hop; }
};

struct StoredTest {
    std::string node;
    TestRecord test;
};

struct RoomDay {
    std::int64_t stalls = 0;
    double stalled_s = 0;
};

class RecordStore {
  public:
    explicit RecordStore(store::Database& database) : db_(database) {}

    Result<void> migrate();

    struct Stored {
        std::vector<StoredEvent> fresh;  // those that were not known before
        std::int64_t acknowledged = 0;   // highest seq of that boot that is stored or was left out
    };
    /// One transaction: all or nothing.
    Result<Stored> store(const std::string& node, const Telemetry& telemetry, WallTime now);

    struct Page {
        std::vector<StoredEvent> events;
        std::string next;  // cursor "BOOT:SEQ"
    };
    /// A room's events after a cursor ("" = from the beginning); empty optional: not a cursor of this room.
    Result<std::optional<Page>> events_after(const std::string& room, const std::string& cursor, int limit);

    /// stall_end events that began in [from, to), with their room; for the day's sums and the last stall.
    Result<std::vector<StoredEvent>> stalls_between(WallTime from, WallTime to);
    Result<std::vector<StoredEvent>> unsettled();
    Result<void> settle(std::int64_t position, const std::string& hop);

    Result<std::vector<StoredTest>> tests_of(const std::string& room, int limit);  // newest first
    Result<std::optional<StoredTest>> test(const std::string& room, const std::string& id);
    /// The newest finished test of every room.
    Result<std::vector<StoredTest>> last_tests();

  private:
    Result<std::int64_t> insert(const std::string& node, const EventRecord& event, WallTime now,
                                std::int64_t position);
    Result<void> save(const std::string& node, const TestRecord& test, WallTime now);
    Result<std::int64_t> newest_position();
    Result<std::vector<StoredEvent>> select(const std::string& rest, const store::Values& values);

    store::Database& db_;
    std::int64_t position_ = -1;  // newest in the table; -1: not read yet
};

}  // namespace tongke::relay
