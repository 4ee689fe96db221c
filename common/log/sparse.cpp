#include "common/log/sparse.hpp"

#include <utility>

namespace tongke::log {
namespace {

constexpr std::chrono::seconds kBetween{10};
// Kinds are ours; should one ever be made of what a peer sent, it ends here.
constexpr std::size_t kMostKinds = 256;

}  // namespace

std::optional<std::uint64_t> Sparse::admit(const std::string& kind, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    const auto found = kinds_.find(kind);
    if (found == kinds_.end()) {
        if (kinds_.size() >= kMostKinds) return std::nullopt;
        kinds_.emplace(kind, Kind{now, 0});
        return 0;
    }
    auto& known = found->second;
    if (now - known.written < kBetween) {
        ++known.left_out;
        return std::nullopt;
    }
    known.written = now;
    return std::exchange(known.left_out, 0);
}

std::optional<std::uint64_t> admit_line(Level level, std::string_view component, std::string_view kind) {
    if (!enabled(level)) return std::nullopt;
    static Sparse lines;
    return lines.admit(fmt::format("{}/{}", component, kind), std::chrono::steady_clock::now());
}

void write_line(Level level, std::string_view component, std::string message, std::uint64_t left_out) {
    if (left_out > 0) message += fmt::format(" ({} more of this kind since the last)", left_out);
    write(level, component, message);
}

}  // namespace tongke::log
