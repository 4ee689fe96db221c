#include "relay/stream/advisories.hpp"

#include <algorithm>
#include <utility>

namespace tongke::relay {

void Advisories::set(const std::string& code, const std::string& text, bool active, WallTime now) {
    const auto known =
        std::find_if(list_.begin(), list_.end(), [&](const auto& a) { return a.code == code; });
    if (active && known == list_.end()) list_.push_back({code, text, now});
    if (!active && known != list_.end()) list_.erase(known);
}

void Advisories::set_recent(const std::string& code, const std::string& text, std::uint64_t count,
                            WallTime now) {
    if (std::exchange(last_count_, count) != count) last_rise_ = now;
    set(code, text, count > 0 && now - last_rise_ < std::chrono::minutes(1), now);
}

}  // namespace tongke::relay
