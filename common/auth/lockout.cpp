#include "common/auth/lockout.hpp"

#include <algorithm>
#include <iterator>

namespace tongke::auth {

Milliseconds Lockout::locked_for(std::string_view account, std::string_view address, SteadyTime now) const {
    SteadyTime until = now;
    for (const auto& key : {Key{account, address}, Key{account, ""}}) {
        const auto found = failures_.find(key);
        if (found != failures_.end()) until = std::max(until, found->second.locked_until);
    }
    return std::chrono::ceil<Milliseconds>(until - now);
}

bool Lockout::failed(std::string_view account, std::string_view address, SteadyTime now) {
    make_room(now);
    const bool pair = count({std::string(account), std::string(address)}, rules_.pair_failures, now);
    const bool whole = count({std::string(account), ""}, rules_.account_failures, now);
    return pair || whole;
}

void Lockout::succeeded(std::string_view account, std::string_view address) {
    failures_.erase({std::string(account), std::string(address)});
}

void Lockout::clear(std::string_view account) {
    std::erase_if(failures_, [&](const auto& entry) { return entry.first.first == account; });
}

bool Lockout::count(Key key, int limit, SteadyTime now) {
    auto& count = failures_[std::move(key)];
    // Failures that lie further apart than a lock lasts are not one attack.
    if (now - count.last > rules_.lock) count.failures = 0;
    count.last = now;
    if (++count.failures < limit) return false;
    count.failures = 0;
    count.locked_until = now + rules_.lock;
    return true;
}

void Lockout::make_room(SteadyTime now) {
    if (failures_.size() < rules_.max_entries) return;
    std::erase_if(failures_, [&](const auto& entry) {
        return now - entry.second.last > rules_.lock && entry.second.locked_until <= now;
    });
    // A flood of invented names: the oldest counts go, locks that run stay.
    while (failures_.size() >= rules_.max_entries) {
        auto oldest = std::min_element(failures_.begin(), failures_.end(), [&](const auto& a, const auto& b) {
            return std::pair{a.second.locked_until > now, a.second.last} <
                   std::pair{b.second.locked_until > now, b.second.last};
        });
        failures_.erase(oldest);
    }
}

}  // namespace tongke::auth
