// The schedule as JSON, {"schedule":[{id, kind, title, begin, end, rooms}]}:
// read with every mistake named in words, written as the county bundle carries
// it. Pure.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "relay/schedule/slot.hpp"

namespace tongke::relay {

struct ScheduleReading {
    std::vector<Slot> slots;          // sorted by begin; empty when there are errors
    std::vector<std::string> errors;  // Chinese, each names the item
};

/// `rooms`: the ids that exist; empty: not checked.
ScheduleReading read_schedule(std::string_view json, const std::set<std::string, std::less<>>& rooms);

/// A JSON array.
std::string write_schedule(const std::vector<Slot>& slots);

}  // namespace tongke::relay
