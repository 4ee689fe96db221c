// Counts the living objects of a class, so that a test can prove that nothing
// is left after a stop (DESIGN.md 6). Inherit privately: class X : LiveCount<X>.
// Counting is one relaxed atomic add; any thread may read it.
#pragma once
#include <atomic>

namespace tongke::async {

template <class T>
class LiveCount {
  public:
    static long alive() { return count_.load(std::memory_order_relaxed); }

  protected:
    LiveCount() { count_.fetch_add(1, std::memory_order_relaxed); }
    LiveCount(const LiveCount&) : LiveCount() {}
    LiveCount& operator=(const LiveCount&) = default;
    ~LiveCount() { count_.fetch_sub(1, std::memory_order_relaxed); }

  private:
    inline static std::atomic<long> count_{0};
};

}  // namespace tongke::async
