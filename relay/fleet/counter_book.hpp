// Nodes send what they counted since their start; the relay subtracts, so that
// a report that was lost loses nothing (QOE.md §2). A value below the last one
// is a restart. Pure.
#pragma once
#include <map>
#include <string>

namespace tongke::relay {

struct RoomCounters {
    double play_s = 0, stalled_s = 0;
};

class CounterBook {
  public:
    /// What came since the last report of this room by this node; the first one is where counting begins.
    RoomCounters since_last(const std::string& node, const std::string& room, const RoomCounters& now);

  private:
    std::map<std::pair<std::string, std::string>, RoomCounters> last_;
};

}  // namespace tongke::relay
