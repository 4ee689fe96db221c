// The schedule in the database. Control thread, or a command's own process.
#pragma once
#include "common/store/database.hpp"
#include "relay/schedule/slot.hpp"

namespace tongke::relay {

inline constexpr std::string_view kScheduleTopic = "schedule";  // of store::change_count

class ScheduleStore {
  public:
    explicit ScheduleStore(store::Database& database) : db_(database) {}

    Result<void> migrate();
    Result<std::vector<Slot>> load();  // by begin
    /// Replaces the whole schedule in one transaction; does nothing when it is the same.
    Result<void> replace(const std::vector<Slot>& slots);

  private:
    store::Database& db_;
};

}  // namespace tongke::relay
