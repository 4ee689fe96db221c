#include "relay/http/hls_clients.hpp"

#include <functional>

namespace tongke::relay {

int HlsClients::seen(std::string_view token, const http::Request& request, SteadyTime now) {
    std::uint64_t key = 1469598103934665603u;
    for (const auto part : {token, std::string_view{request.peer}, request.header("user-agent")})
        key = (key ^ std::hash<std::string_view>{}(part)) * 1099511628211u;
    const std::lock_guard lock(mutex_);
    const auto known = last_seen_.find(key);
    if (known != last_seen_.end()) {
        known->second = now;
        return 0;
    }
    if (last_seen_.size() >= most_) return 0;
    last_seen_.emplace(key, now);
    return 1;
}

int HlsClients::forget(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    return -static_cast<int>(
        std::erase_if(last_seen_, [&](const auto& client) { return now - client.second >= memory_; }));
}

std::size_t HlsClients::count() const {
    const std::lock_guard lock(mutex_);
    return last_seen_.size();
}

}  // namespace tongke::relay
