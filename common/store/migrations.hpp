// Numbered schema steps, per part of the program: each folder that stores
// something owns its list. A step runs once, in one transaction, also when
// several processes start at the same moment.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "common/store/database.hpp"

namespace tongke::store {

struct Migration {
    std::int64_t number;  // rising from 1
    std::vector<std::string_view> statements;
};

/// Errc::newer_schema when the database has steps that this program does not know.
Result<void> migrate(Database& database, std::string_view part, std::span<const Migration> steps);

/// Counters by which processes on one database notice each other's changes (CONTRACT.md §2:
/// within 1 s). `note_change` belongs inside the transaction that changes something.
Result<void> note_change(Database& database, std::string_view topic);
Result<std::int64_t> change_count(Database& database, std::string_view topic);

}  // namespace tongke::store
