// Two kinds of time that never mix: SteadyTime for everything that is measured
// or waited for, WallTime for what people and playlists read. Pure code takes
// a time as a parameter; only programs own a Clock (TRAPS.md 1.8).
#pragma once
#include <chrono>
#include <cstdint>

namespace tongke {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::duration<double>;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

inline std::int64_t unix_ms(WallTime t) { return t.time_since_epoch().count(); }
/// Cut off towards zero.
inline std::int64_t whole_ms(SteadyTime::duration d) {
    return std::chrono::duration_cast<Milliseconds>(d).count();
}
inline WallTime from_unix_ms(std::int64_t ms) { return WallTime{Milliseconds{ms}}; }

/// Where a program reads the time; tests use ManualClock.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual SteadyTime now() const = 0;
    virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
  public:
    SteadyTime now() const override { return std::chrono::steady_clock::now(); }
    WallTime wall() const override {
        return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
    }
};

class ManualClock final : public Clock {
  public:
    SteadyTime now() const override { return now_; }
    WallTime wall() const override { return wall_; }
    void advance(Milliseconds by) { now_ += by, wall_ += by; }
    void set_wall(WallTime t) { wall_ = t; }

  private:
    SteadyTime now_{std::chrono::hours{1}};
    WallTime wall_{std::chrono::milliseconds{1'744'768'800'000}};  // 2025-04-16 10:00 Asia/Shanghai
};

}  // namespace tongke
